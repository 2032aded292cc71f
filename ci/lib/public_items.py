"""The public items of a crate as lines of text, from rustdoc's JSON: one line for each item, method, field, variant
and impl, sorted. Two versions of the list are compared by diff. The lines are Rust in essence, not to the letter."""


def public_items(crate):
    """The lines."""
    homes = {}
    for path, item in sorted(reachable(crate, crate["index"][str(crate["root"])], "mio_st"), key=shortest_first):
        homes.setdefault(item["id"], []).append(path)
    lines = set()
    for number, paths in homes.items():
        lines.update(f"use {paths[0]} as {other}" for other in paths[1:])
        lines.update(lines_of(crate, crate["index"][str(number)], paths[0]))
    return sorted(lines)


def shortest_first(entry):
    return entry[0].count("::"), entry[0]


def reachable(crate, module, path):
    """(path, item) for each item that a user can name."""
    for number in module["inner"]["module"]["items"]:
        item = crate["index"][str(number)]
        kind, inner = kind_of(item)
        name = item["name"]
        if kind == "use":
            name, item = inner["name"], crate["index"].get(str(inner["id"]))
            if item is None:
                continue
            if inner["is_glob"]:
                yield from reachable(crate, item, path)
                continue
        if kind_of(item)[0] == "module":
            yield from reachable(crate, item, f"{path}::{name}")
        yield f"{path}::{name}", item


def kind_of(item):
    return next(iter(item["inner"].items()))


def lines_of(crate, item, path):
    kind, inner = kind_of(item)
    if kind == "module":
        yield f"mod {path}"
    elif kind == "function":
        yield signature(path, inner)
    elif kind == "type_alias":
        yield f"type {path}{generics(inner)} = {text(inner['type'])}"
    elif kind == "constant":
        yield f"const {path}: {text(inner['type'])}"
    elif kind in ("struct", "enum", "trait"):
        bounds = f": {joined(inner['bounds'], ' + ', bound)}" if inner.get("bounds") else ""
        yield f"{kind} {path}{generics(inner)}{bounds}"
        for number in members(inner):
            yield from member(crate["index"][str(number)], path)
        for number in inner.get("impls", []):
            yield from implementation(crate, kind_of(crate["index"][str(number)])[1], path)


def members(inner):
    """The ids of fields, variants and what a trait has."""
    kind = inner.get("kind")
    if isinstance(kind, dict):
        yield from kind["plain"]["fields"] if "plain" in kind else [field for field in kind["tuple"] if field is not None]
    yield from inner.get("variants", [])
    yield from inner.get("items", [])


def member(item, path):
    kind, inner = kind_of(item)
    path = f"{path}::{item['name']}"
    if kind == "function":
        yield signature(path, inner)
    elif kind == "struct_field":
        yield f"field {path}: {text(inner)}"
    elif kind == "variant":
        data = {key: len(value) for key, value in inner["kind"].items()} if isinstance(inner["kind"], dict) else ""
        yield f"variant {path} {data}".rstrip()
    elif kind == "assoc_const":
        yield f"const {path}: {text(inner['type'])}"
    elif kind == "assoc_type":
        yield f"type {path}" + (f" = {text(inner['type'])}" if inner.get("type") else "")


def implementation(crate, inner, path):
    trait = inner["trait"]
    if trait is None:
        for number in inner["items"]:
            item = crate["index"][str(number)]
            if item["visibility"] == "public":
                # An impl for some arguments only has them in front.
                yield from member(item, path if plain(inner) else f"<{text(inner['for'])}>")
    elif not inner["blanket_impl"] and (not inner["is_synthetic"] or trait["path"] in ("Send", "Sync", "Unpin")):
        negative = "!" if inner["is_negative"] else ""
        yield f"impl {negative}{named(trait)} for {text(inner['for'])} in {path}"


def plain(inner):
    """Whether an impl is for the type with all arguments as they come."""
    arguments = (inner["for"].get("resolved_path", {}).get("args") or {}).get("angle_bracketed", {}).get("args", [])
    return all("generic" in argument.get("type", {"generic": 1}) for argument in arguments)


def signature(path, inner):
    header, sig = inner["header"], inner["sig"]
    words = [word for word in ("const", "unsafe", "async") if header[f"is_{word}"]]
    inputs = ", ".join(f"{name}: {text(type)}" for name, type in sig["inputs"])
    output = f" -> {text(sig['output'])}" if sig["output"] else ""
    return " ".join([*words, "fn"]) + f" {path}{generics(inner)}({inputs}){output}"


def generics(inner):
    parameters = []
    for parameter in inner["generics"]["params"]:
        kind, what = next(iter(parameter["kind"].items()))
        if kind == "const":
            default = f" = {what['default']}" if what.get("default") else ""
            parameters.append(f"const {parameter['name']}: {text(what['type'])}{default}")
        elif kind == "lifetime":
            parameters.append(parameter["name"])
        elif not what.get("is_synthetic"):
            bounds = f": {joined(what['bounds'], ' + ', bound)}" if what["bounds"] else ""
            default = f" = {text(what['default'])}" if what.get("default") else ""
            parameters.append(parameter["name"] + bounds + default)
    where = []
    for predicate in inner["generics"]["where_predicates"]:
        if "bound_predicate" in predicate:
            of = predicate["bound_predicate"]
            where.append(f"{text(of['type'])}: {joined(of['bounds'], ' + ', bound)}")
    return (f"<{', '.join(parameters)}>" if parameters else "") + (f" where {', '.join(where)}" if where else "")


def bound(of):
    if "trait_bound" in of:
        return ("?" if of["trait_bound"]["modifier"] == "maybe" else "") + named(of["trait_bound"]["trait"])
    return str(of.get("outlives", "use<..>"))


def named(path):
    """A path with its arguments, without the modules before it."""
    name, arguments = path["path"].rsplit("::", 1)[-1], path.get("args") or {}
    if "angle_bracketed" in arguments:
        inside = [argument(it) for it in arguments["angle_bracketed"]["args"]]
        inside += [f"{it['name']} = {constraint(it)}" for it in arguments["angle_bracketed"]["constraints"]]
        return name + (f"<{', '.join(inside)}>" if inside else "")
    if "parenthesized" in arguments:
        inside = arguments["parenthesized"]
        return f"{name}({joined(inside['inputs'])})" + (f" -> {text(inside['output'])}" if inside["output"] else "")
    return name


def argument(it):
    if it == "infer":
        return "_"
    kind, value = next(iter(it.items()))
    return {"type": text, "lifetime": str, "const": lambda const: const["expr"]}[kind](value)


def constraint(it):
    kind, value = next(iter(it["binding"].items()))
    return argument(value) if kind == "equality" else joined(value, " + ", bound)


def joined(values, separator=", ", each=None):
    return separator.join((each or text)(value) for value in values)


def text(of):
    """A type."""
    kind, inner = next(iter(of.items()))
    if kind in ("primitive", "generic"):
        return inner
    if kind == "resolved_path":
        return named(inner)
    if kind == "tuple":
        return f"({joined(inner)})"
    if kind == "slice":
        return f"[{text(inner)}]"
    if kind == "array":
        return f"[{text(inner['type'])}; {inner['len']}]"
    if kind == "borrowed_ref":
        lifetime = f"{inner['lifetime']} " if inner["lifetime"] else ""
        return f"&{lifetime}{'mut ' if inner['is_mutable'] else ''}{text(inner['type'])}"
    if kind == "raw_pointer":
        return f"*{'mut' if inner['is_mutable'] else 'const'} {text(inner['type'])}"
    if kind == "impl_trait":
        return f"impl {joined(inner, ' + ', bound)}"
    if kind == "dyn_trait":
        return "dyn " + " + ".join(named(it["trait"]) for it in inner["traits"])
    if kind == "qualified_path":
        trait = f" as {named(inner['trait'])}" if inner["trait"] and inner["trait"]["path"] else ""
        return f"<{text(inner['self_type'])}{trait}>::{inner['name']}"
    if kind == "function_pointer":
        sig = inner["sig"]
        output = f" -> {text(sig['output'])}" if sig["output"] else ""
        return f"fn({', '.join(text(type) for _, type in sig['inputs'])}){output}"
    raise ValueError(f"a type that this script does not know: {of}")
