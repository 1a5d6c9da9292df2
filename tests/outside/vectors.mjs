// Our VNPAY addresses and signatures against the npm package `vnpay`, our VietQR codes against `vietnam-qr-pay`.
// Run where both are installed: node vectors.mjs PROGRAM
import { createHmac } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
const require = createRequire(join(process.cwd(), 'package.json'));
const { VNPay, ignoreLogger } = require('vnpay');
const { QRPay } = require('vietnam-qr-pay');

const COUNT = 500;
const [tmn_code, secret, pay_url] = ['CHOOCOP1', 'NOT A SECRET AT ALL 1234', 'https://sandbox.vnpayment.vn/paymentv2/vpcpay.html'];
const theirs = new VNPay({ tmnCode: tmn_code, secureSecret: secret, vnpayHost: 'https://sandbox.vnpayment.vn', testMode: true, hashAlgorithm: 'SHA512', enableLog: false, loggerFn: ignoreLogger });

// A generator with a seed: the same cases every time.
let seed = 20261124;
const random = (below) => { seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0; return Math.floor((seed / 2 ** 32) * below); };
const pieces = ['Thanh toán', 'Bưởi Diễn Đú Sáng', 'đơn hàng', 'Kim Bôi', 'THỊT TRÂU', 'hộp 6 quả', '100%', 'a&b=c', 'x+y', '~*()!\'', '"<>"', '#?/\\', 'ạẹỉọụỵ', 'Hòa Bình', '  ', ';:,.-_', '@$^', '[]{}|`', 'TT261124K7MPXQ2RSW', '🍊'];
const text = (most) => Array.from({ length: 1 + random(most) }, () => pieces[random(pieces.length)]).join(random(2) ? ' ' : '');
const letters = (n) => Array.from({ length: n }, () => 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'[random(32)]).join('');
const stamp = (s) => new Date((s + 7 * 3600) * 1000).toISOString().replace(/[-:T]/g, '').slice(0, 14);

const pay = [], ipn = [], qr = [];
for (let i = 0; i < COUNT; i++) {
  const created_at = 1764000000 + random(30000000);
  pay.push({ amount: 1 + random(90000000), reference: 'TT' + letters(16), description: text(i % 50 === 0 ? 40 : 6), english: random(2) === 1,
    client_ip: `${random(255)}.${random(255)}.1.2`, return_url: `https://cho-ocop.example/v1/payments/vnpay/return?x=${i}&y=%C3%A1`, created_at, expires_at: created_at + 1800 });
  const fields = { vnp_Amount: String((1 + random(90000000)) * 100), vnp_BankCode: 'NCB', vnp_OrderInfo: text(6), vnp_PayDate: stamp(created_at), vnp_ResponseCode: random(2) ? '00' : '24',
    vnp_TmnCode: tmn_code, vnp_TransactionNo: String(random(99999999)), vnp_TransactionStatus: '00', vnp_TxnRef: 'TT' + letters(16), vnp_CardType: 'ATM', vnp_BankTranNo: 'VNP' + random(99999) };
  const sorted = new URLSearchParams(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
  const right = createHmac('sha512', secret).update(sorted.toString()).digest('hex');
  if (random(3) === 0) sorted.set('vnp_Amount', '100');
  const shown = random(8) === 0 ? right.replace(/^./, (c) => (c === '0' ? '1' : '0')) : right;
  ipn.push(`${sorted}&vnp_SecureHash=${random(4) === 0 ? shown.toUpperCase().toLowerCase() : shown}`);
  qr.push({ bank_bin: ['970436', '970415', '970422', '970418'][random(4)], account: String(1000000 + random(2 ** 31)) + String(random(99999)), amount: random(10) === 0 ? null : 1000 + random(90000000), text: text(5) });
}

const run = spawnSync(process.argv[2], { input: JSON.stringify({ tmn_code, secret, pay_url, pay, ipn, qr }), encoding: 'utf8', maxBuffer: 1 << 26 });
if (run.status !== 0) { console.error(run.stderr); process.exit(1); }
const ours = JSON.parse(run.stdout);
const faults = [];
let genuine = 0;
for (let i = 0; i < COUNT; i++) {
  const c = pay[i];
  const address = theirs.buildPaymentUrl({ vnp_Amount: c.amount, vnp_IpAddr: c.client_ip, vnp_ReturnUrl: c.return_url, vnp_TxnRef: c.reference, vnp_OrderInfo: c.description, vnp_OrderType: 'other',
    vnp_Locale: c.english ? 'en' : 'vn', vnp_CreateDate: Number(stamp(c.created_at)), vnp_ExpireDate: Number(stamp(c.expires_at)) });
  if (address !== ours.pay[i]) faults.push(`pay ${i}\n  ours   ${ours.pay[i]}\n  theirs ${address}`);
  const verified = theirs.verifyIpnCall(Object.fromEntries(new URLSearchParams(ipn[i]))).isVerified;
  genuine += verified;
  if (verified !== ours.ipn[i]) faults.push(`ipn ${i}: ours ${ours.ipn[i]}, theirs ${verified}: ${ipn[i]}`);
  const q = qr[i], { text: plain, code } = ours.qr[i];
  const made = QRPay.initVietQR({ bankBin: q.bank_bin, bankNumber: q.account, amount: q.amount === null ? undefined : String(q.amount), purpose: plain || undefined }).build();
  if (made !== code) faults.push(`qr ${i}\n  ours   ${code}\n  theirs ${made}`);
  const wanted = q.text.normalize('NFD').replace(/\p{M}/gu, '').replace(/đ/g, 'd').replace(/Đ/g, 'D').replace(/[^\x20-\x7e]/g, '').trim().slice(0, 25).trim();
  if (plain !== wanted) faults.push(`text ${i}: ours ${JSON.stringify(plain)}, wanted ${JSON.stringify(wanted)}`);
  const read = new QRPay(code);
  if (!read.isValid || read.consumer.bankNumber !== q.account || (q.amount !== null && read.amount !== String(q.amount))) faults.push(`qr ${i} is not read back: ${code}`);
}
if (faults.length) { console.error(faults.slice(0, 5).join('\n')); console.error(`${faults.length} faults`); process.exit(1); }
console.log(`${COUNT} pay addresses, ${COUNT} notices (${genuine} genuine, ${COUNT - genuine} not) and ${COUNT} VietQR codes agree with vnpay and vietnam-qr-pay: passed.`);
