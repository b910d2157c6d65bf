# SPDX-License-Identifier: Apache-2.0
"""Metadata files changed at random: what PyIceberg's parser accepts firn accepts, and the other way round. Where they
differ, the difference is one of those explained here."""
import copy
import json
import os
import random

from pyiceberg.table.metadata import TableMetadataUtil

from conftest import ROOT

N = int(os.environ.get("FIRN_MUTATIONS", "120"))
FILES = ["TableMetadataV1Valid.json", "TableMetadataV2Valid.json", "TableMetadataV3ValidEncryption.json"]
VALUES = [None, 0, 1, -1, 2**31, 2**63 - 1, 1.5, True, "", "x", "7", [], {}, [1], {"a": 1}]


# What firn refuses and PyIceberg reads, by firn's message.
STRICTER = {
    "missing \"": "the specification requires the member; PyIceberg makes up a value",
    "must be a": "another JSON type; PyIceberg converts text, numbers and truth values into each other",
    "must be nulls-first": "the specification knows two orders of nulls",
    "must be asc": "the specification knows two directions",
    " have the id ": "ids are unique",
    "is not in \"": "what is named must be there",
    "which is not in the schema": "identifier fields are columns",
    "beyond the last one": "sequence numbers do not run ahead of the table's",
    "is out of range": "ids have 32 bits",
    "must hold": "another JSON type",
    "are named": "names are unique in a struct",
    "has sequence number": "sequence numbers are not negative",
    "main is at snapshot": "branch main is the current snapshot",
    "format version": "versions begin with 1",
    "at most": "field ids above are reserved",
}
# What PyIceberg refuses and firn reads, by the place of the change.
LAXER = {
    "operation": "operations of later specifications are kept as they are",
    "table-uuid": "firn compares identifiers of tables as text",
    "properties": "null stands for an absent member, as everywhere",
    "format-version": "inspect shows a file that is no table metadata as what it is; version 1 may have version 2's lists",
    "location": "locations are text",
    "statistics": "statistics are kept as they are and read when they are used",
    "encryption-keys": "keys are carried through untouched",
    "snapshot-log": "null stands for an absent member",
    "metadata-log": "null stands for an absent member",
    "refs": "null stands for an absent member",
    "partition-spec": "partition fields of version 1 without ids count from 1000",
}


def places(node, path=()):
    """Paths of all members and items."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield path + (key,)
        yield from places(value, path + (key,))


def mutate(document, dice):
    """A copy with one change, and what was changed."""
    made = copy.deepcopy(document)
    path = dice.choice(list(places(made)))
    holder = made
    for key in path[:-1]:
        holder = holder[key]
    how = dice.choice(["drop", "set", "set", "set", "twice", "rename"])
    if how == "drop":
        del holder[path[-1]]
    elif how == "twice" and isinstance(holder, list):
        holder.append(copy.deepcopy(holder[path[-1]]))
    elif how == "rename" and isinstance(holder, dict):
        holder["x-" + path[-1]] = holder.pop(path[-1])
    else:
        how = dice.choice(VALUES)
        holder[path[-1]] = how
    return made, path, how


def accepted_by_pyiceberg(text):
    try:
        TableMetadataUtil.parse_raw(text)
        return ""
    except Exception as error:  # whatever it is, the file was not read
        return f"{type(error).__name__}: {error}"


def test_what_firn_and_pyiceberg_accept(home, tmp_path):
    dice = random.Random(int(os.environ.get("FIRN_SEED", "3")))
    bases = [json.loads((ROOT / "tests/data/iceberg" / name).read_text()) for name in FILES]
    file = tmp_path / "m.metadata.json"
    both = neither = 0
    unexplained = []
    for i in range(N):
        made, path, how = mutate(bases[i % len(bases)], dice)
        text = json.dumps(made)
        file.write_text(text)
        ours = home.run("inspect", file, check=False)
        theirs = accepted_by_pyiceberg(text)
        both += ours.returncode == 0 and not theirs
        neither += ours.returncode != 0 and bool(theirs)
        if (ours.returncode == 0) == (not theirs):
            continue
        reasons = STRICTER if ours.returncode != 0 else LAXER
        said = ours.stderr if ours.returncode != 0 else " ".join(map(str, path))
        if not any(text in said for text in reasons):
            unexplained.append((FILES[i % len(bases)], path, how, ours.stderr.strip(), theirs[:300]))
    assert unexplained == []
    assert both > N / 10 and neither > N / 10
