#!/usr/bin/env python3
"""Feeds, GeoJSON and oEmbed before other people's code: feedparser, feedparser-rs, lxml, jsonschema, geojson, csv.

BASE is the server; run by `tests/run`.
"""
import csv, io, json, os, pathlib, re, sys, urllib.parse, urllib.request

import feedparser, feedparser_rs, geojson, jsonschema
from lxml import etree

BASE, FEED = os.environ["BASE"], "qua-que-suoi-khoang"
GOOGLE = "{http://base.google.com/ns/1.0}"


def get(path):
    with urllib.request.urlopen(BASE + path) as answer:
        return answer.read(), answer.headers


ours = json.loads(get(f"/feeds/{FEED}.json")[0])
ids = [item["id"] for item in ours["items"]]
assert len(ids) == 6, ids

for ending, version in (("rss", "rss20"), ("atom", "atom10")):
    body, headers = get(f"/feeds/{FEED}.{ending}")
    parsed = feedparser.parse(body, response_headers={"content-type": headers["content-type"]})
    assert not parsed.bozo, (ending, parsed.get("bozo_exception"))
    assert parsed.version == version, parsed.version
    assert len(parsed.entries) == 6 and all(entry.title and entry.link.startswith(BASE) for entry in parsed.entries), ending
    assert all(entry.get("updated_parsed") or entry.get("published_parsed") for entry in parsed.entries), ending
    assert parsed.feed.title == ours["title"] and parsed.feed.links, ending

# What Google's product data specification requires of every product.
root = etree.fromstring(get(f"/feeds/{FEED}.rss")[0])
for item in root.iter("item"):
    value = lambda name: (item.findtext(GOOGLE + name) or "").strip()
    for name in ("id", "title", "description", "link", "image_link", "availability", "price", "condition", "brand"):
        assert value(name), (name, etree.tostring(item))
    assert value("id") in ids and value("availability") in ("in_stock", "out_of_stock", "preorder", "backorder")
    assert re.fullmatch(r"\d+(\.\d{2})? VND", value("price")), value("price")
    assert value("condition") == "new" and (value("gtin") or value("identifier_exists") == "no")
    assert len(value("title")) <= 150 and len(value("description")) <= 5000 and value("link").startswith("http")

for ending, delimiter in (("csv", ","), ("tsv", "\t"), ("meta.csv", ",")):
    rows = list(csv.DictReader(io.StringIO(get(f"/feeds/{FEED}.{ending}")[0].decode()), delimiter=delimiter))
    assert [row["id"] for row in rows] == ids, ending
    assert all(row[name] for row in rows for name in ("title", "description", "link", "image_link", "availability", "price", "condition", "brand")), ending

schema = json.loads((pathlib.Path(__file__).parent / "json-feed.schema.json").read_text())
jsonschema.Draft202012Validator.check_schema(schema)
feed = json.loads(get(f"/feeds/{FEED}.jsonfeed")[0])
jsonschema.validate(feed, schema, cls=jsonschema.Draft202012Validator)
read = feedparser_rs.parse(json.dumps(feed))
assert read.version == "json11" and not read.bozo and [entry.id for entry in read.entries] == ids, read.version
for broken in ({**feed, "version": "1"}, {key: feed[key] for key in feed if key != "title"}, {**feed, "items": [{"id": "x"}]}):
    try:
        jsonschema.validate(broken, schema, cls=jsonschema.Draft202012Validator)
    except jsonschema.ValidationError:
        continue
    sys.exit("the schema takes what it must not")

places = geojson.loads(get("/v1/destinations.geojson")[0])
assert isinstance(places, geojson.FeatureCollection) and places.is_valid, places.errors()
assert len(places.features) >= 5
assert all(-180 <= f.geometry.coordinates[0] <= 180 and 100 < f.geometry.coordinates[0] < 110 for f in places.features), "longitude comes first"

embed = json.loads(get("/oembed?url=" + urllib.parse.quote(f"{BASE}/embed/{FEED}", safe=""))[0])
assert embed["type"] == "rich" and embed["version"] == "1.0", embed
assert isinstance(embed["html"], str) and isinstance(embed["width"], int) and isinstance(embed["height"], int)
xml = etree.fromstring(get("/oembed?format=xml&url=" + urllib.parse.quote(f"{BASE}/embed/{FEED}", safe=""))[0])
assert xml.tag == "oembed" and xml.findtext("type") == "rich" and xml.findtext("html") == embed["html"]
frame = get(f"/embed/{FEED}")[0].decode()
assert 'type="application/json+oembed"' in frame, "the discovery link"

sitemap = etree.fromstring(get("/sitemap.xml")[0])
assert sitemap.tag == "{http://www.sitemaps.org/schemas/sitemap/0.9}urlset" and len(sitemap) > 20
print("Feeds in eight formats, GeoJSON, oEmbed and the sitemap before other people's code: passed.")
