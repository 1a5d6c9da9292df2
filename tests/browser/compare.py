#!/usr/bin/env python3
"""Pictures of pages beside those of the run before: which pages changed, which are new, which are gone.

Run by `tests/outside/browser` after its journeys; pictures of the run before stand in `tests/artefacts/before`. It only tells:
whether a change is meant, a person sees.
"""
import glob, os, re, sys

from PIL import Image, ImageChops

here = sys.argv[1]
# Times, numbers and codes differ from run to run: that much of a picture may.
QUIET = 0.02


def pictures(folder):
    """By name without the place in the journey, which moves when a page is added before."""
    names = {}
    for path in sorted(glob.glob(folder + "/*.png")):
        names.setdefault(re.sub(r"^\d+-|\.png$", "", os.path.basename(path)), path)
    return names


def differs(one, other):
    a, b = Image.open(one).convert("L"), Image.open(other).convert("L")
    if abs(a.height - b.height) > 24 or a.width != b.width:
        return f"{b.width}×{b.height} → {a.width}×{a.height}"
    size = (a.width, min(a.height, b.height))
    difference = ImageChops.difference(a.crop((0, 0, *size)), b.crop((0, 0, *size))).point(lambda light: 255 if light > 40 else 0)
    share = difference.histogram()[255] / (size[0] * size[1])
    return f"{share:.1%} of it" if share > QUIET else ""


now, before = pictures(here), pictures(here + "/before")
if not before:
    print(f"{len(now)} pictures; none of a run before to compare with")
    sys.exit()
changed = {name: words for name, path in now.items() if name in before and (words := differs(path, before[name]))}
for name, words in changed.items():
    print(f"changed: {name}: {words}")
for name in sorted(now.keys() - before.keys()):
    print(f"new: {name}")
gone = before.keys() - now.keys()
print(f"{len(now)} pictures, {len(changed)} changed; {len(gone)} of the run before not seen this time")
