/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of Trino that DuckDB lacks, spells otherwise or gives another type. A template that
 * uses an argument twice has it computed twice. */
#include "sql/dialect_functions.h"

#define ANY FIRN_ANY_ARGS

static const firn_dialect_function k_functions[] = {
    /* ---- arrays, maps, rows ---- */
    {"cardinality", 1, 1, "len($1)", NULL},
    {"contains", 2, 2, "list_contains($*)", NULL},
    {"array_max", 1, 1, "CASE WHEN len($1) = list_count($1) THEN list_max($1) END", NULL},
    {"array_min", 1, 1, "CASE WHEN len($1) = list_count($1) THEN list_min($1) END", NULL},
    {"array_sort", 1, 1, "list_sort($1, 'ASC', 'NULLS LAST')", NULL},
    {"array_distinct", 1, 1,
     "CASE WHEN len($1) > list_count($1) THEN list_append(list_distinct($1), NULL) ELSE "
     "list_distinct($1) END",
     NULL},
    {"array_join", 2, 2, "array_to_string($1, $2)", NULL},
    {"array_join", 3, 3,
     "array_to_string(list_transform($1, lambda \"x\": coalesce(CAST(\"x\" AS VARCHAR), $3)), $2)",
     NULL},
    {"array_position", 2, 2, "CAST(coalesce(list_position($1, $2), 0) AS BIGINT)", NULL},
    {"array_remove", 2, 2, "list_filter($1, lambda \"x\": \"x\" IS DISTINCT FROM $2)", NULL},
    {"array_union", 2, 2, "list_distinct(list_concat($1, $2))", NULL},
    {"array_intersect", 2, 2, "list_intersect($1, $2)", NULL},
    {"array_except", 2, 2, "list_filter($1, lambda \"x\": NOT list_contains($2, \"x\"))", NULL},
    {"arrays_overlap", 2, 2, "list_has_any($1, $2)", NULL},
    {"transform", 2, 2, "list_transform($*)", NULL},
    {"filter", 2, 2, "list_filter($*)", NULL},
    {"any_match", 2, 2,
     "CASE WHEN len($1) = 0 THEN false ELSE list_bool_or(list_transform($*)) END", NULL},
    {"all_match", 2, 2,
     "CASE WHEN len($1) = 0 THEN true ELSE list_bool_and(list_transform($*)) END", NULL},
    {"none_match", 2, 2,
     "CASE WHEN len($1) = 0 THEN true ELSE NOT list_bool_or(list_transform($*)) END", NULL},
    {"reduce", 4, 4, "list_transform([list_reduce($1, $3, $2)], $4)[1]", NULL},
    {"slice", 3, 3, "list_slice($1, $2, ($2) + ($3) - 1)", NULL},
    {"sequence", 2, 3, "generate_series($*)", NULL},
    {"zip", 2, ANY, "list_zip($*)", NULL},
    {"repeat", 2, 2, "list_transform(range($2), lambda \"x\": $1)", NULL},
    {"element_at", 2, 2, "($1)[$2]", NULL},
    {"map", 0, 0, "map([], [])", NULL},
    {"map_agg", 2, 2, "map(list($1)$w, list($2)$w)", NULL},
    {"multimap_agg", 2, 2,
     "list_transform([list(struct_pack(k := $1, v := $2))$w], lambda \"l\": "
     "map(list_distinct(list_transform(\"l\", lambda \"e\": \"e\".k)), "
     "list_transform(list_distinct(list_transform(\"l\", lambda \"e\": \"e\".k)), lambda \"q\": "
     "list_transform(list_filter(\"l\", lambda \"e\": \"e\".k = \"q\"), lambda \"e\": "
     "\"e\".v))))[1]",
     NULL},
    {"map_concat", 2, 2,
     "CASE WHEN ($1) IS NOT NULL AND ($2) IS NOT NULL THEN map_concat($1, $2) END", NULL},
    {"transform_values", 2, 2, NULL, firn_dialect_transform_values},
    {"transform_keys", 2, 2, NULL, firn_dialect_transform_keys},
    {"map_filter", 2, 2, NULL, firn_dialect_map_filter},
    {"map_entries", 1, 1,
     "list_transform(map_entries($1), lambda \"e\": row(\"e\".key, "
     "\"e\".value))",
     NULL},
    {"array_agg", 1, 1, "list($1)", NULL},
    /* ---- aggregates and windows ---- */
    {"arbitrary", 1, 1, "any_value($1)", NULL},
    {"approx_distinct", 1, 2, "CAST(approx_count_distinct($1)$w AS BIGINT)", NULL},
    {"approx_percentile", 2, 2, "approx_quantile($1, $2)", NULL},
    {"every", 1, 1, "bool_and($1)", NULL},
    {"stddev", 1, 1, "stddev_samp($1)", NULL},
    {"variance", 1, 1, "var_samp($1)", NULL},
    {"grouping", 1, ANY, "CAST(grouping($*) AS INTEGER)", NULL},
    /* ---- text ---- */
    {"listagg", 1, 2, FIRN_WITH_TAIL, firn_dialect_listagg},
    {"strpos", 2, 2, "instr($1, $2)", NULL},
    {"concat", 1, ANY, NULL, firn_dialect_concat},
    {"split", 2, 2, "string_split($1, $2)", NULL},
    {"codepoint", 1, 1, "CAST(unicode($1) AS INTEGER)", NULL},
    {"levenshtein_distance", 2, 2, "levenshtein($1, $2)", NULL},
    {"regexp_like", 2, 2, "regexp_matches($1, $2)", NULL},
    {"regexp_extract", 2, 2, "CASE WHEN regexp_matches($1, $2) THEN regexp_extract($1, $2) END",
     NULL},
    {"regexp_extract", 3, 3, "CASE WHEN regexp_matches($1, $2) THEN regexp_extract($1, $2, $3) END",
     NULL},
    {"regexp_replace", 2, 3, NULL, firn_dialect_regexp_replace},
    {"regexp_split", 2, 2, "string_split_regex($1, $2)", NULL},
    {"regexp_count", 2, 2, "len(regexp_extract_all($1, $2))", NULL},
    {"to_utf8", 1, 1, "encode($1)", NULL},
    {"from_utf8", 1, 1, "decode($1)", NULL},
    {"to_hex", 1, 1, "hex($1)", NULL},
    {"from_hex", 1, 1, "unhex($1)", NULL},
    {"md5", 1, 1, "unhex(md5($1))", NULL},
    {"sha1", 1, 1, "unhex(sha1($1))", NULL},
    {"sha256", 1, 1, "unhex(sha256($1))", NULL},
    {"xxhash64", 1, 1, "firn_xxhash64($1)", NULL},
    {"to_big_endian_64", 1, 1, "unhex(lpad(to_hex(CAST($1 AS BIGINT)), 16, '0'))", NULL},
    {"url_encode", 1, 1, "replace(url_encode($1), '%20', '+')", NULL},
    /* ---- times ---- */
    {"date_add", 3, 3, NULL, firn_dialect_date_add},
    {"date_format", 2, 2, NULL, firn_dialect_format_mysql},
    {"date_parse", 2, 2, NULL, firn_dialect_parse_mysql},
    {"format_datetime", 2, 2, NULL, firn_dialect_format_java},
    {"parse_datetime", 2, 2, NULL, firn_dialect_parse_java},
    {"from_iso8601_timestamp", 1, 1, "CAST($1 AS TIMESTAMPTZ)", NULL},
    {"from_iso8601_date", 1, 1, "CAST($1 AS DATE)", NULL},
    {"to_iso8601", 1, 1, "CAST($1 AS VARCHAR)", NULL},
    {"with_timezone", 2, 2, "(($1) AT TIME ZONE $2)", NULL},
    {"at_timezone", 2, 2, "($1)", NULL},
    {"from_unixtime", 1, 1, "to_timestamp($1)", NULL},
    {"to_unixtime", 1, 1, "epoch($1)", NULL},
    {"year_of_week", 1, 1, "isoyear($1)", NULL},
    {"yow", 1, 1, "isoyear($1)", NULL},
    {"day_of_week", 1, 1, "isodow($1)", NULL},
    {"dow", 1, 1, "isodow($1)", NULL},
    {"day_of_year", 1, 1, "dayofyear($1)", NULL},
    {"doy", 1, 1, "dayofyear($1)", NULL},
    {"day_of_month", 1, 1, "day($1)", NULL},
    {"week_of_year", 1, 1, "week($1)", NULL},
    {"last_day_of_month", 1, 1, "last_day($1)", NULL},
    /* ---- numbers ---- */
    {"nan", 0, 0, "CAST('NaN' AS DOUBLE)", NULL},
    {"infinity", 0, 0, "CAST('Infinity' AS DOUBLE)", NULL},
    {"is_nan", 1, 1, "isnan($1)", NULL},
    {"is_infinite", 1, 1, "isinf($1)", NULL},
    {"is_finite", 1, 1, "isfinite($1)", NULL},
    {"truncate", 1, 1, "trunc($1)", NULL},
    {"mod", 2, 2, "(($1) % ($2))", NULL},
    {"rand", 0, 0, "random()", NULL},
    {"bitwise_and", 2, 2, "CAST(($1) & ($2) AS BIGINT)", NULL},
    {"bitwise_or", 2, 2, "CAST(($1) | ($2) AS BIGINT)", NULL},
    {"bitwise_xor", 2, 2, "CAST(xor($1, $2) AS BIGINT)", NULL},
    {"from_base", 2, 2,
     "list_reduce(list_transform(string_split(lower($1), ''), lambda \"c\": "
     "CAST(instr('0123456789abcdefghijklmnopqrstuvwxyz', \"c\") - 1 AS BIGINT)), lambda \"a\", "
     "\"d\": \"a\" * ($2) + \"d\")",
     NULL},
    {"to_base", 2, 2, "lower(to_base($1, $2))", NULL},
    {"width_bucket", 4, 4,
     "CAST(CASE WHEN ($1) < ($2) THEN 0 WHEN ($1) >= ($3) THEN ($4) + 1 ELSE floor((($1) - ($2)) / "
     "((($3) - ($2)) / CAST($4 AS DOUBLE))) + 1 END AS BIGINT)",
     NULL},
    {"greatest", 1, ANY,
     "CASE WHEN list_contains(list_transform([$*], lambda \"x\": \"x\" IS NULL), "
     "true) THEN NULL ELSE greatest($*) END",
     NULL},
    /* ---- choices ---- */
    {"if", 2, 2, "if($1, $2, NULL)", NULL},
    /* ---- json ---- */
    {"json_extract_scalar", 2, 2, "json_extract_string($1, $2)", NULL},
    {"json_parse", 1, 1, "CAST($1 AS JSON)", NULL},
    {"json_format", 1, 1, "CAST($1 AS VARCHAR)", NULL},
    {NULL, 0, 0, NULL, NULL},
};

const firn_dialect_function *firn_dialect_trino_functions(void)
{
    return k_functions;
}
