/* SPDX-License-Identifier: Apache-2.0 */
/* Trino's session properties: which there are, what values they take, SHOW SESSION. They are
 * checked and kept, so that scripts that set them run; what they tell of has no counterpart here.
 *
 * Source: Trino's documentation, "Properties reference" and the Iceberg connector's. */
#include "base/error.h"
#include "base/str.h"
#include "sql/show/show.h"

typedef enum property_kind {
    PROPERTY_TEXT = 0,
    PROPERTY_BOOLEAN,
    PROPERTY_NUMBER,
    PROPERTY_REAL,
    PROPERTY_DURATION, /* "5m" */
    PROPERTY_SIZE,     /* "64MB" */
} property_kind;

typedef struct session_property {
    const char *name;
    const char *unset; /* its value then */
    const char *text;
    property_kind kind;
    bool is_catalogs; /* "cat.name" */
} session_property;

static const session_property k_properties[] = {
    {"bucket_execution_enabled", "true",
     "Enable bucket-aware execution: use physical bucketing information to optimize queries",
     PROPERTY_BOOLEAN, true},
    {"collect_extended_statistics_on_write", "true", "Collect extended statistics during writes",
     PROPERTY_BOOLEAN, true},
    {"compression_codec", "ZSTD",
     "Compression codec to use when writing files. Possible values: [NONE, SNAPPY, LZ4, ZSTD, "
     "GZIP]",
     PROPERTY_TEXT, true},
    {"dynamic_filtering_wait_timeout", "1.00s",
     "Duration to wait for completion of dynamic filters during split generation",
     PROPERTY_DURATION, true},
    {"expire_snapshots_min_retention", "7.00d",
     "Minimal retention period for expire_snapshot procedure", PROPERTY_DURATION, true},
    {"extended_statistics_enabled", "true", "Use table extended statistics", PROPERTY_BOOLEAN,
     true},
    {"idle_writer_min_file_size", "16MB",
     "Minimum data written by a single partition writer before it can be considered as 'idle' and "
     "could be closed by the engine",
     PROPERTY_SIZE, true},
    {"max_partitions_per_writer", "100", "Maximum number of partitions per writer", PROPERTY_NUMBER,
     true},
    {"merge_manifests_on_write", "true", "Compact manifest files when performing write operations",
     PROPERTY_BOOLEAN, true},
    {"minimum_assigned_split_weight", "0.05", "Minimum assigned split weight", PROPERTY_REAL, true},
    {"parquet_writer_block_size", "128MB", "Parquet: Writer block size", PROPERTY_SIZE, true},
    {"parquet_writer_page_size", "1MB", "Parquet: Writer page size", PROPERTY_SIZE, true},
    {"projection_pushdown_enabled", "true", "Read only required fields from a row type",
     PROPERTY_BOOLEAN, true},
    {"query_partition_filter_required", "false",
     "Require a filter on at least one partition column", PROPERTY_BOOLEAN, true},
    {"remove_orphan_files_min_retention", "7.00d",
     "Minimal retention period for remove_orphan_files procedure", PROPERTY_DURATION, true},
    {"sorted_writing_enabled", "true", "Enable sorted writing to tables", PROPERTY_BOOLEAN, true},
    {"statistics_enabled", "true", "Expose table statistics", PROPERTY_BOOLEAN, true},
    {"target_max_file_size", "1GB",
     "Target maximum size of written files; the actual size may be larger", PROPERTY_SIZE, true},
    {"distributed_sort", "true", "Parallelize sort across multiple nodes", PROPERTY_BOOLEAN, false},
    {"enable_dynamic_filtering", "true", "Enable dynamic filtering", PROPERTY_BOOLEAN, false},
    {"execution_policy", "phased", "Policy used for scheduling query tasks", PROPERTY_TEXT, false},
    {"join_distribution_type", "AUTOMATIC", "Join distribution type", PROPERTY_TEXT, false},
    {"join_reordering_strategy", "AUTOMATIC", "Join reordering strategy", PROPERTY_TEXT, false},
    {"query_max_execution_time", "100.00d", "Maximum execution time of a query", PROPERTY_DURATION,
     false},
    {"query_max_memory", "20GB", "Maximum amount of distributed memory a query can use",
     PROPERTY_SIZE, false},
    {"query_max_run_time", "100.00d", "Maximum run time of a query (includes the queueing time)",
     PROPERTY_DURATION, false},
    {"query_priority", "1", "The priority of queries", PROPERTY_NUMBER, false},
    {"redistribute_writes", "true", "Force parallel distributed writes", PROPERTY_BOOLEAN, false},
    {"retry_policy", "NONE", "Retry policy", PROPERTY_TEXT, false},
    {"scale_writers", "true", "Scale out writers based on throughput (use minimum necessary)",
     PROPERTY_BOOLEAN, false},
    {"spill_enabled", "false", "Enable spilling", PROPERTY_BOOLEAN, false},
    {"task_concurrency", "16", "Default number of local parallel jobs per worker", PROPERTY_NUMBER,
     false},
    {"time_zone_id", "", "Time Zone Id for the current session", PROPERTY_TEXT, false},
};

/* Of a catalog, too, about what has no counterpart here. */
static const char *const k_others[] = {"file_based_conflict_detection_enabled",
                                       "hive_catalog_name",
                                       "incremental_refresh_enabled",
                                       "orc_bloom_filters_enabled",
                                       "orc_lazy_read_small_ranges",
                                       "orc_max_buffer_size",
                                       "orc_max_merge_distance",
                                       "orc_max_read_block_size",
                                       "orc_nested_lazy_enabled",
                                       "orc_stream_buffer_size",
                                       "orc_string_statistics_limit",
                                       "orc_tiny_stripe_threshold",
                                       "orc_writer_max_dictionary_memory",
                                       "orc_writer_max_stripe_rows",
                                       "orc_writer_max_stripe_size",
                                       "orc_writer_min_stripe_size",
                                       "orc_writer_validate_mode",
                                       "orc_writer_validate_percentage",
                                       "parquet_ignore_statistics",
                                       "parquet_max_read_block_row_count",
                                       "parquet_max_read_block_size",
                                       "parquet_small_file_threshold",
                                       "parquet_use_bloom_filter",
                                       "parquet_vectorized_decoding_enabled",
                                       "parquet_writer_batch_size",
                                       "parquet_writer_page_value_count",
                                       "query_partition_filter_required_schemas",
                                       "split_size",
                                       "use_file_size_from_metadata"};

#define N_PROPERTIES (sizeof k_properties / sizeof *k_properties)

/* ---- checks ---- */

static const char *const k_durations[] = {"ns", "us", "ms", "s", "m", "h", "d", NULL};
static const char *const k_sizes[] = {"B", "kB", "MB", "GB", "TB", "PB", NULL};

/* A number and one of the units. */
static bool is_measure(firn_str text, const char *const *units)
{
    size_t n = 0;
    size_t n_digits = 0;
    while (n < text.len && ((text.data[n] >= '0' && text.data[n] <= '9') || text.data[n] == '.'))
        n_digits += text.data[n++] != '.';
    const firn_str unit = firn_str_trim(firn_str_slice(text, n, text.len));
    for (; n_digits > 0 && *units; units++) {
        if (firn_str_equals(unit, firn_str_of(*units))) return true;
    }
    return false;
}

static bool is_value(property_kind kind, firn_str text)
{
    int64_t number = 0;
    switch (kind) {
    case PROPERTY_TEXT: return true;
    case PROPERTY_BOOLEAN:
        return firn_str_equals_nocase(text, FIRN_STR("true")) ||
               firn_str_equals_nocase(text, FIRN_STR("false"));
    case PROPERTY_NUMBER: return firn_str_to_i64(text, &number);
    case PROPERTY_REAL: return text.len > 0;
    case PROPERTY_DURATION: return is_measure(text, k_durations);
    case PROPERTY_SIZE: return is_measure(text, k_sizes);
    }
    return false;
}

static const char *kind_text(property_kind kind)
{
    switch (kind) {
    case PROPERTY_BOOLEAN: return "true or false";
    case PROPERTY_NUMBER:
    case PROPERTY_REAL: return "a number";
    case PROPERTY_DURATION: return "a duration such as '5m'";
    case PROPERTY_SIZE: return "a size such as '64MB'";
    case PROPERTY_TEXT: break;
    }
    return "a text";
}

static const session_property *find_property(firn_str name, bool is_catalogs)
{
    for (size_t i = 0; i < N_PROPERTIES; i++) {
        if (k_properties[i].is_catalogs == is_catalogs &&
            firn_str_equals_nocase(name, firn_str_of(k_properties[i].name))) {
            return &k_properties[i];
        }
    }
    return NULL;
}

static bool is_other(firn_str name)
{
    for (size_t i = 0; i < sizeof k_others / sizeof *k_others; i++) {
        if (firn_str_equals_nocase(name, firn_str_of(k_others[i]))) return true;
    }
    return false;
}

/* The list of a catalog's is complete; of the system's there are more. */
firn_status firn_session__check_property(const firn_session *session, firn_str key, firn_str value,
                                         size_t offset, firn_error *err)
{
    firn_str rest = key;
    const firn_str first = firn_str_split(&rest, '.');
    const bool is_catalogs = rest.data != NULL;
    const firn_str name = is_catalogs ? rest : key;
    const session_property *property = find_property(name, is_catalogs);
    const bool is_known = !is_catalogs || (firn_session__find_catalog(session, first) &&
                                           (property || is_other(name)));
    if (!is_known) {
        (void)firn_fail(err, FIRN_ERR_NOT_FOUND, "there is no session property %.*s",
                        FIRN_STR_ARG(key));
        if (err) err->position = offset;
        return FIRN_ERR_NOT_FOUND;
    }
    if (!property || !value.data || is_value(property->kind, value)) return FIRN_OK;
    return firn_sql_fail(err, offset, "%.*s is \"%.*s\", expected %s", FIRN_STR_ARG(key),
                         FIRN_STR_ARG(value), kind_text(property->kind));
}

/* ---- SHOW SESSION ---- */

static const char *type_name(property_kind kind)
{
    switch (kind) {
    case PROPERTY_BOOLEAN: return "boolean";
    case PROPERTY_NUMBER: return "integer";
    case PROPERTY_REAL: return "double";
    case PROPERTY_TEXT:
    case PROPERTY_DURATION:
    case PROPERTY_SIZE: break;
    }
    return "varchar";
}

/* The texts of Trino's own list are this long, of which the above is a part. */
static void set_lengths(firn_show *show)
{
    static const size_t k_lengths[] = {57, 14, 14, 14, 142};
    for (size_t i = 0; i < sizeof k_lengths / sizeof *k_lengths; i++)
        if (show->lengths[i] < k_lengths[i]) show->lengths[i] = k_lengths[i];
}

static firn_status add_row(firn_show *show, firn_str name, const session_property *property,
                           firn_error *err)
{
    const firn_str set = firn_session__setting(show->session, name);
    const firn_str unset = firn_str_of(property->unset);
    const firn_str cells[] = {name, set.data ? set : unset, unset,
                              firn_str_of(type_name(property->kind)), firn_str_of(property->text)};
    if (!name.data) return firn_fail_nomem(err);
    firn_show__row(show, cells, 5);
    return FIRN_OK;
}

firn_status firn_show__session(firn_session *session, firn_str like, char escape, firn_result **out,
                               firn_error *err)
{
    static const char *const k_names[] = {"Name", "Value", "Default", "Type", "Description"};
    firn_show show;
    firn_status st = FIRN_OK;
    FIRN_TRY(firn_show__begin(&show, session, k_names, 5, err));
    show.is_bounded = true;
    for (size_t c = 0; c <= session->n_catalogs && st == FIRN_OK; c++) {
        for (size_t i = 0; i < N_PROPERTIES && st == FIRN_OK; i++) {
            const session_property *property = &k_properties[i];
            firn_str name = firn_str_of(property->name);
            if (property->is_catalogs != (c < session->n_catalogs)) continue;
            if (property->is_catalogs) {
                const firn_str catalog = firn_catalog_name(session->catalogs[c]);
                name = firn_arena_printf(session->arena, "%.*s.%s", FIRN_STR_ARG(catalog),
                                         property->name);
            }
            if (!like.data || firn_show__matches(like, escape, name))
                st = add_row(&show, name, property, err);
        }
    }
    set_lengths(&show);
    return firn_show__end(&show, "SHOW SESSION", st, out, err);
}
