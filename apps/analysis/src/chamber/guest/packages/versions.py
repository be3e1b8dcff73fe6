"""Which version is meant: ranges as npm writes them, versions and names as Python does."""

import re


def parse(version):
    found = re.match(r"^[v=\s]*(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+.*)?$", version.strip())
    if not found:
        return None
    major, minor, patch, pre = found.groups()
    # A version before a release comes before it; numbers before words.
    ends = tuple((0, int(one), "") if one.isdigit() else (1, 0, one) for one in pre.split(".")) if pre else ()
    return (int(major), int(minor), int(patch)), (0 if pre else 1, ends)


def _bounds(part):
    """Lowest version, and the first one above the range, of one comparator."""
    found = re.match(r"^(\^|~>?|>=|<=|>|<|=)?\s*v?(\d+|[xX*])?(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(-[0-9A-Za-z.-]+)?", part)
    sign, *numbers, pre = found.groups()
    known = []
    for one in numbers:
        if one is None or one in "xX*":
            break
        known.append(int(one))
    low = tuple(known + [0] * (3 - len(known)))
    if not known:
        return (0, 0, 0), None
    if sign == "^":
        first = next((index for index, one in enumerate(known) if one), len(known) - 1)
        high = known[: first + 1]
    elif sign in ("~", "~>"):
        high = known[:2]
    elif sign in (">=", ">", "<", "<="):
        above = low if len(known) == 3 else low[: len(known) - 1] + (known[-1] + 1,) + (0,) * (3 - len(known))
        if sign == ">=":
            return low, None
        if sign == ">":
            return (low[0], low[1], low[2] + 1) if len(known) == 3 else above, None
        return (0, 0, 0), low if sign == "<" else ((low[0], low[1], low[2] + 1) if len(known) == 3 else above)
    else:
        high = known
    high = high[:-1] + [high[-1] + 1]
    return low, tuple(high + [0] * (3 - len(high)))


def satisfies(version, wanted):
    numbers = parse(version)
    if numbers is None:
        return False
    for option in wanted.split("||"):
        option = re.sub(r"(\S+)\s+-\s+(\S+)", r">=\1 <=\2", option.strip())
        option = re.sub(r"([<>=~^])\s+", r"\1", option)
        parts = option.split() or ["*"]
        fits = all((low <= numbers[0]) and (high is None or numbers[0] < high) for low, high in map(_bounds, parts))
        # What is not released is meant only by its own name.
        if fits and (numbers[1][0] or any("-" in part for part in parts)):
            return True
    return False


def best(versions, wanted):
    fitting = [one for one in versions if satisfies(one, wanted)]
    return max(fitting, key=parse) if fitting else None


def python_name(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def python_key(version):
    return [(1, int(part)) if part.isdigit() else (0, 0) for part in re.split(r"[.\-+]|(?<=\d)(?=[a-z])", version) if part]


def python_fits(version, wanted):
    for part in filter(None, (one.strip() for one in wanted.split(","))):
        found = re.match(r"(===?|~=|!=|<=|>=|<|>)\s*(.+)", part)
        if not found:
            continue
        sign, other = found.groups()
        mine, theirs = python_key(version), python_key(other.rstrip(".*"))
        same = mine[: len(theirs)] == theirs if other.endswith("*") else mine == theirs
        fits = {"==": same, "===": version == other, "!=": not same, ">=": mine >= theirs, "<=": mine <= theirs}
        fits |= {">": mine > theirs, "<": mine < theirs, "~=": mine >= theirs and mine[: len(theirs) - 1] == theirs[:-1]}
        if not fits[sign]:
            return False
    return True
