# SPDX-License-Identifier: Apache-2.0
"""Steps of a random history that move branches and tags, and those of maintenance, which change no rows."""
from history_steps import Action, add_column, add_partition, delete, drop_column, drop_partition, insert, merge, move_column, new_rows, overwrite, \
    overwrite_partitions, promote_column, properties, rename_column, replace_table, sort_order, transaction, truncate, update, upgrade, upsert, values


def call(table, procedure, arguments, **more):
    return Action([f"CALL firn.system.{procedure}(table => 'default.{table.name}'{arguments})"], **more)


def expect(want):
    """A check of the refs that a step must leave."""
    def done(table):
        for name, snapshot in want.items():
            assert table.refs.get(name) == snapshot, f"{name} is at {table.refs.get(name)}, expected {snapshot}"
    return done


def managed(change):
    def pyiceberg(t):
        with t.manage_snapshots() as manage:
            change(manage)
    return pyiceberg


def create_ref(dice, table):
    if not table.known():
        return None
    kind = dice.choice(["BRANCH", "BRANCH", "TAG"])
    name = f"{kind[0].lower()}{dice.randrange(4)}"
    if name in table.refs:
        return None
    at = table.refs.get("main") if dice.random() < 0.6 and "main" in table.refs else dice.choice(table.known())
    by = (lambda m: m.create_branch(at, name)) if kind == "BRANCH" else lambda m: m.create_tag(at, name)
    return Action([f"ALTER TABLE default.{table.name} CREATE {kind} {name} AS OF VERSION {at}"], managed(by), done=expect({name: at}))


def drop_ref(dice, table):
    names = [r for r in sorted(table.refs) if r != "main"]
    if not names:
        return None
    name = dice.choice(names)
    branch = table.kinds[name] == "branch"
    return Action([f"ALTER TABLE default.{table.name} DROP {'BRANCH' if branch else 'TAG'} {name}"],
                  managed((lambda m: m.remove_branch(name)) if branch else lambda m: m.remove_tag(name)), done=expect({name: None}))


def replace_ref(dice, table):
    names = [r for r in sorted(table.refs) if r != "main"]
    if not names or not table.known():
        return None
    name, at = dice.choice(names), dice.choice(table.known())
    kind = table.kinds[name].upper()
    return Action([f"ALTER TABLE default.{table.name} REPLACE {kind} {name} AS OF VERSION {at}"], done=expect({name: at}))


def fast_forward(dice, table):
    pairs = [(a, b) for a in sorted(table.refs) for b in sorted(table.refs) if a != b and table.kinds[a] == "branch" and table.kinds[b] == "branch"
             and table.refs[a] in table.ancestors(b)]
    if not pairs:
        return None
    a, b = dice.choice(pairs)
    return Action([f"CALL firn.system.fast_forward('default.{table.name}', '{a}', '{b}')"], done=expect({a: table.refs[b]}))


def rollback(dice, table):
    behind = [k for k in table.ancestors()[1:] if k in table.known()]
    if not behind:
        return None
    to = dice.choice(behind)
    return Action([f"CALL firn.system.rollback_to_snapshot('default.{table.name}', {to})"], managed(lambda m: m.rollback_to_snapshot(to)), done=expect({"main": to}))


def set_current(dice, table):
    if not table.known():
        return None
    to = dice.choice(table.known())
    return Action([f"CALL firn.system.set_current_snapshot('default.{table.name}', {to})"], managed(lambda m: m.set_current_snapshot(to)), done=expect({"main": to}))


def cherry_pick(dice, table):
    """An append that main does not have comes on top of it."""
    if "main" not in table.refs or table.rows() is None:
        return None
    mine = set(table.ancestors())
    uid = table.id_column().uid
    have = {r[uid] for r in table.rows()}
    options = [k for k, s in sorted(table.snapshots.items()) if k not in mine and s.added and not have & {r[uid] for r in s.added}
               and s.parent != table.refs["main"]]
    if not options:
        return None
    pick = dice.choice(options)
    added = table.snapshots[pick].added
    return Action([f"CALL firn.system.cherrypick_snapshot('default.{table.name}', {pick})"], rows=table.rows() + added, touched=lambda r: False)


def stage(dice, table):
    """A snapshot that is on no branch, published after."""
    if table.rows() is None:
        return None
    rows, name = new_rows(dice, table), f"w{next(table.uids)}"
    on, off = (f"ALTER TABLE default.{table.name} SET TBLPROPERTIES ('write.wap.enabled' = '{v}')" for v in ("true", "false"))
    return Action([on, f"SET spark.wap.id = {name}", f"INSERT INTO default.{table.name} {values(rows, table.columns)}", "RESET spark.wap.id",
                   f"CALL firn.system.publish_changes('default.{table.name}', '{name}')", off], rows=table.rows() + rows, touched=lambda r: False)


def expire(dice, table):
    if len(table.snapshots) < 2:
        return None
    heads = set(table.refs.values())
    free = [k for k in sorted(table.snapshots) if k not in heads]

    def kept(t):
        assert heads <= set(t.snapshots), "a head was expired"
    if free and dice.random() < 0.5:
        gone = dice.choice(free)

        def done(t):
            kept(t)
            assert gone not in t.snapshots, "the snapshot is still there"
        return call(table, "expire_snapshots", f", snapshot_ids => array({gone})", pyiceberg=lambda t: t.maintenance.expire_snapshots().by_id(gone).commit(), done=done)
    return call(table, "expire_snapshots", f", older_than => TIMESTAMP '2100-01-01 00:00:00', retain_last => {dice.choice([1, 3])}", done=kept)


def compact(dice, table):
    options = dice.choice(["", ", options => map('rewrite-all', 'true')", ", options => map('min-input-files', '2')",
                           ", options => map('delete-file-threshold', '1')", ", options => map('rewrite-all', 'true', 'remove-dangling-deletes', 'true')",
                           ", options => map('rewrite-all', 'true', 'use-starting-sequence-number', 'false')",
                           ", strategy => 'sort', sort_order => 'id DESC NULLS LAST', options => map('rewrite-all', 'true')"])
    return call(table, "rewrite_data_files", options, rows=table.rows(), keeps_rows=True)


def compact_deletes(dice, table):
    return call(table, "rewrite_position_delete_files", dice.choice(["", ", options => map('rewrite-all', 'true')"]), rows=table.rows(), keeps_rows=True)


def compact_manifests(dice, table):
    return call(table, "rewrite_manifests", dice.choice(["", ", use_caching => false"]), rows=table.rows(), keeps_rows=True)


def orphans(dice, table):
    """Nothing that a snapshot needs may go: the checks read all of them afterwards."""
    return Action([f"CALL firn.system.remove_orphan_files(table => 'default.{table.name}', older_than => TIMESTAMP '2100-01-01 00:00:00', "
                   "dry_run => false, force => true)"], only="firn")


STEPS = {insert: 16, delete: 9, update: 8, upsert: 4, merge: 8, overwrite: 2, overwrite_partitions: 4, truncate: 1, replace_table: 1, transaction: 4,
         add_column: 5, drop_column: 3, rename_column: 3, move_column: 3, promote_column: 4,
         add_partition: 5, drop_partition: 2, sort_order: 3, properties: 8, upgrade: 2,
         create_ref: 4, drop_ref: 1, replace_ref: 1, fast_forward: 2, rollback: 2, set_current: 1, cherry_pick: 3, stage: 1,
         expire: 3, compact: 4, compact_deletes: 2, compact_manifests: 2, orphans: 1}
