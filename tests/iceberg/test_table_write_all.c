/* SPDX-License-Identifier: Apache-2.0 */
/* A whole small table of each format version: metadata file, manifest list, manifests. Given a
 * folder it writes them there, for tests/python/test_spec_writers.py to read with PyIceberg. */
#include "iceberg/spec/metadata_json.h"
#include "iceberg/spec/metadata_update.h"
#include "spec_table.h"

#define NOW 1700000000000

typedef struct whole_table {
    const firn_table_metadata *metadata;
    firn_str metadata_json;
    firn_str list;
    firn_str manifests[2]; /* data, deletes (from v2) */
    size_t n_manifests;
} whole_table;

static firn_str path_in(firn_arena *arena, const char *folder, int32_t version, const char *name)
{
    return firn_arena_printf(arena, "%s/v%d_%s", folder, (int)version, name);
}

static void make_entries(const spec_table *t, int32_t version, firn_manifest_entry *entries)
{
    for (size_t i = 0; i < 3; i++) {
        static const char *const k_paths[] = {"s3://b/new.parquet", "s3://b/old.parquet",
                                              "s3://b/gone.parquet"};
        entries[i] = (firn_manifest_entry){.status = i == 0   ? FIRN_ENTRY_ADDED
                                                     : i == 1 ? FIRN_ENTRY_EXISTING
                                                              : FIRN_ENTRY_DELETED,
                                           .snapshot_id = i == 0 ? -1 : 60,
                                           .sequence_number = -1,
                                           .file_sequence_number = -1,
                                           .file = spec_data_file(t, k_paths[i])};
        if (i > 0) entries[i].sequence_number = entries[i].file_sequence_number = 0;
    }
    entries[1].file.partition = t->nulls;
    if (version == 3) entries[1].file.first_row_id = 40;
}

static firn_manifest_entry make_delete(const spec_table *t, int32_t version)
{
    static const int32_t k_ids[] = {2, 3};
    firn_manifest_entry e = {.status = FIRN_ENTRY_ADDED,
                             .snapshot_id = -1,
                             .sequence_number = -1,
                             .file_sequence_number = -1,
                             .file = spec_data_file(t, "s3://b/delete")};
    e.file.content = version == 2 ? FIRN_CONTENT_EQUALITY_DELETES : FIRN_CONTENT_POSITION_DELETES;
    if (version == 2) {
        e.file.equality_ids = k_ids;
        e.file.n_equality_ids = 2;
    } else {
        e.file.format = FIRN_FILE_PUFFIN;
        e.file.sort_order_id = -1;
        e.file.referenced_data_file = FIRN_STR("s3://b/new.parquet");
        e.file.content_offset = 4;
        e.file.content_size_bytes = 44;
    }
    return e;
}

static void make_metadata(firn_arena *arena, const spec_table *t, int32_t version,
                          const char *folder, whole_table *out)
{
    firn_error err = {0};
    firn_buf buf;
    firn_sort_field sort = {.source_id = 2, .is_descending = true};
    const firn_sort_order order = {.order_id = 1, .fields = &sort, .n_fields = 1};
    const firn_property property = {FIRN_STR("comment"), FIRN_STR("all \"types\" \xc3\xa9")};
    const firn_snapshot snapshot = {.snapshot_id = 77,
                                    .parent_snapshot_id = -1,
                                    .sequence_number = version == 1 ? 0 : 1,
                                    .timestamp_ms = NOW,
                                    .manifest_list = path_in(arena, folder, version, "list.avro"),
                                    .operation = FIRN_STR("append"),
                                    .summary = {&property, 1},
                                    .schema_id = 0,
                                    .first_row_id = version == 3 ? 0 : -1,
                                    .added_rows = version == 3 ? 20 : -1};
    const firn_snapshot_ref main_ref = {FIRN_STR("main"), 77, false, 3, 1000, -1, {0}};
    const firn_snapshot_ref tag = {FIRN_STR("v1.0"), 77, true, -1, -1, 5000, {0}};
    const firn_update updates[] = {
        {.kind = FIRN_UPDATE_ASSIGN_UUID, .text = FIRN_STR("9c12d441-03fe-4693-9a96-a0705ddf69c1")},
        {.kind = FIRN_UPDATE_FORMAT_VERSION, .id = version},
        {.kind = FIRN_UPDATE_ADD_SCHEMA, .schema = &t->schema},
        {.kind = FIRN_UPDATE_SET_CURRENT_SCHEMA, .id = -1},
        {.kind = FIRN_UPDATE_ADD_SPEC, .spec = &t->spec},
        {.kind = FIRN_UPDATE_SET_DEFAULT_SPEC, .id = -1},
        {.kind = FIRN_UPDATE_ADD_SORT_ORDER, .sort_order = &order},
        {.kind = FIRN_UPDATE_SET_DEFAULT_SORT_ORDER, .id = -1},
        {.kind = FIRN_UPDATE_SET_LOCATION, .text = firn_str_of(folder)},
        {.kind = FIRN_UPDATE_SET_PROPERTIES, .properties = {&property, 1}},
        {.kind = FIRN_UPDATE_ADD_SNAPSHOT, .snapshot = &snapshot},
        {.kind = FIRN_UPDATE_SET_SNAPSHOT_REF, .ref = &main_ref},
        {.kind = FIRN_UPDATE_SET_SNAPSHOT_REF, .ref = &tag},
    };
    assert_ok(firn_updates_apply(NULL, (firn_str){0}, updates, sizeof updates / sizeof updates[0],
                                 NOW, arena, &out->metadata, &err),
              &err);
    firn_buf_init(&buf, NULL, 16 << 20);
    assert_ok(firn_metadata_format(out->metadata, &buf, &err), &err);
    out->metadata_json = firn_arena_copy(arena, firn_buf_view(&buf));
    firn_buf_dispose(&buf);
}

static void make_table(firn_arena *arena, int32_t version, const char *folder, whole_table *out)
{
    spec_table *t = firn_arena_alloc(arena, sizeof *t);
    firn_manifest_entry entries[3];
    firn_manifest_file files[2];
    spec_table_make(arena, t);
    firn_manifest_write_opts opts = spec_opts(t, version);
    opts.sequence_number = version == 1 ? 0 : 1;
    make_entries(t, version, entries);
    out->manifests[0] = spec_write_manifest(arena, &opts, FIRN_CONTENT_DATA, entries, 3, &files[0]);
    files[0].path = path_in(arena, folder, version, "m0.avro");
    if (version == 3) files[0].first_row_id = 0;
    out->n_manifests = 1;
    if (version >= 2) {
        const firn_manifest_entry e = make_delete(t, version);
        opts.is_zstd = false;
        out->manifests[1] =
            spec_write_manifest(arena, &opts, FIRN_CONTENT_POSITION_DELETES, &e, 1, &files[1]);
        files[1].path = path_in(arena, folder, version, "m1.avro");
        out->n_manifests = 2;
    }
    out->list = spec_write_list(arena, &opts, files, out->n_manifests);
    make_metadata(arena, t, version, folder, out);
}

/* From the metadata file down to the entries, as a scan would go. */
static void test_table_is_found_from_its_metadata(void **state)
{
    for (int32_t version = 1; version <= 3; version++) {
        firn_error err = {0};
        whole_table table = {0};
        const firn_table_metadata *m = NULL;
        firn_manifest_file *files = NULL;
        size_t n = 0;
        make_table(*state, version, "/t", &table);
        assert_ok(firn_metadata_parse(table.metadata_json, *state, &m, &err), &err);
        assert_int_equal(firn_metadata_current_snapshot(m)->snapshot_id, 77);
        assert_int_equal(m->n_refs, 2);
        assert_ok(firn_manifest_list_read(table.list, *state, &files, &n, &err), &err);
        assert_int_equal(n, table.n_manifests);
        for (size_t i = 0; i < n; i++) {
            firn_manifest_reader *reader = NULL;
            firn_manifest_entry e;
            size_t n_entries = 0;
            assert_ok(firn_manifest_reader_open(table.manifests[i], &files[i],
                                                firn_metadata_schema(m),
                                                firn_metadata_find_spec(m, files[i].spec_id),
                                                FIRN_MANIFEST_ALL, &reader, &err),
                      &err);
            while (firn_manifest_reader_next(reader, &e, &err) == FIRN_OK) n_entries++;
            assert_int_equal(n_entries, i == 0 ? 3 : 1);
            firn_manifest_reader_close(reader);
        }
    }
}

static bool write_file(firn_str path, firn_str bytes)
{
    FILE *file = fopen(path.data, "wb");
    if (!file) return false;
    const bool is_ok = fwrite(bytes.data, 1, bytes.len, file) == bytes.len;
    return fclose(file) == 0 && is_ok;
}

static int write_tables(const char *folder)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    bool is_ok = arena != NULL;
    for (int32_t version = 1; version <= 3 && is_ok; version++) {
        whole_table t = {0};
        make_table(arena, version, folder, &t);
        is_ok = write_file(path_in(arena, folder, version, "metadata.json"), t.metadata_json) &&
                write_file(path_in(arena, folder, version, "list.avro"), t.list) &&
                write_file(path_in(arena, folder, version, "m0.avro"), t.manifests[0]) &&
                (t.n_manifests == 1 ||
                 write_file(path_in(arena, folder, version, "m1.avro"), t.manifests[1]));
    }
    firn_arena_destroy(arena);
    return is_ok ? 0 : 1;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_table_is_found_from_its_metadata, make_arena,
                                        drop_arena),
    };
    if (argc > 1) return write_tables(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
