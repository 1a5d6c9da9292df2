-- Searches that differ, so that kept answers do not hide the work.
local words = { "buoi", "cam", "nhan", "mat ong", "tra", "ruou", "mang", "gao nep", "mien dong", "tinh dau", "hat doi", "oi", "na", "tho cam",
  "nam huong", "chuoi", "su su", "huu co", "rung", "nui da", "sach", "dac san", "truyen thong", "cao cap", "ban muong", "kim boi",
  "mai chau", "cao phong", "tan lac", "lac son", "da bac", "luong son" }
local n = 0
function request()
  n = n + 1
  local a, b = words[n % #words + 1], words[math.floor(n / #words) % #words + 1]
  local q = (a .. " " .. b):gsub(" ", "%%20")
  return wrk.format("GET", "/v1/products?facets=true&min_price=" .. (n % 50000) .. "&q=" .. q)
end
function done(summary, latency) io.write(string.format("p99 %.2f ms\n", latency:percentile(99) / 1000)) end
