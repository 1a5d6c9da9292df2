#!/usr/bin/env python3
"""Reads a generated Dart client: it parses, every type it names is there, and so is every operation of the document."""
import json, pathlib, sys

import tree_sitter, tree_sitter_dart_orchard

# Of Dart's own libraries, `http`, and the generator's.
KNOWN = set("""Object String List int DateTime bool double num Map Set Iterable Future dynamic Exception StackTrace IOException T K V
    Response Client MultipartFile MultipartRequest SocketException TlsException ClientException HttpBearerAuthProvider""".split())
# As the generator ships it, whatever the document says; the grammar does not know one way of calling in it.
SHIPPED = {"http_bearer_auth.dart"}
parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_dart_orchard.language()))


def walk(node):
    yield node
    for child in node.children:
        yield from walk(child)


def read(folder):
    """Faults of grammar, and names that are used and not defined."""
    defined, used, faults, files = set(), {}, [], 0
    for path in sorted(pathlib.Path(folder).rglob("*.dart")):
        if path.name in SHIPPED:
            continue
        files += 1
        for node in walk(parser.parse(path.read_bytes()).root_node):
            if node.type == "ERROR" or node.is_missing:
                faults.append(f"{path.name}:{node.start_point[0] + 1}: {node.text[:80].decode(errors='replace')}")
            elif node.type in ("class_definition", "enum_declaration", "extension_declaration", "type_alias"):
                name = node.child_by_field_name("name")
                if name:
                    defined.add(name.text.decode())
            elif node.type == "type_identifier":
                used.setdefault(node.text.decode(), path.name)
    faults += [f"{path}: no type {name}" for name, path in used.items() if name not in defined | KNOWN]
    return faults, defined, files


folder = pathlib.Path(sys.argv[1])
faults, defined, files = read(folder)
document = json.load(open(folder.parent.parent / "openapi.json"))
operations = [operation["operationId"] for path in document["paths"].values() for operation in path.values() if isinstance(operation, dict) and "operationId" in operation]
written = "".join(path.read_text() for path in (folder / "api").glob("*.dart"))
camel = lambda name: name.split("_")[0] + "".join(part.capitalize() for part in name.split("_")[1:])
faults += [f"no method for {name}" for name in operations if f" {camel(name)}(" not in written]
for fault in faults[:20]:
    print(fault)
# The judge is awake: a type that is not there, and half a class, are found.
broken = folder / "broken.dart"
broken.write_text("class Broken { NoSuchType? one; ")
if len(read(folder)[0]) < len(faults) + 2:
    faults.append("the judge sleeps")
    print(faults[-1])
print(f"a client in Dart: {files} files, {len(defined)} types, {len(operations)} operations, {len(faults)} faults")
sys.exit(1 if faults else 0)
