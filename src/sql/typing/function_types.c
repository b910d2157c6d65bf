/* SPDX-License-Identifier: Apache-2.0 */
/* Results of the dialects' functions, as tables. A result is a type's name, with its parameters;
 * "$1" the type of the first argument, "$1e" its element, "$1e1" the first field of that, "$1k" and
 * "$1v" its key and value, "$1r" what it returns as a lambda; "[x]" an array, "{x:y}" a map,
 * "(x,y)" a row; "&" what all arguments become, "&2" those from the second on. */
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "sql/typing/type_rules.h"

typedef struct function_result {
    const char *result;
    const char *names; /* between blanks */
} function_result;

static const function_result k_trino[] = {
    {"bigint",
     " count count_if approx_distinct bitwise_and_agg bitwise_or_agg row_number rank dense_rank "
     "ntile length strpos levenshtein_distance hamming_distance regexp_count crc32 "
     "date_diff year quarter month week day hour minute second millisecond day_of_week dow "
     "day_of_year doy day_of_month week_of_year year_of_week yow timezone_hour timezone_minute "
     "bitwise_and bitwise_or bitwise_xor bitwise_not "
     "bitwise_and_agg bitwise_or_agg bitwise_xor_agg bit_count from_base width_bucket cardinality "
     "array_position json_array_length json_size "
     "from_big_endian_64 to_milliseconds "},
    {"integer", " regexp_position codepoint grouping from_big_endian_32 "},
    {"double",
     " stddev stddev_samp stddev_pop variance var_samp var_pop covar_samp covar_pop corr "
     "regr_slope regr_intercept geometric_mean skewness kurtosis percent_rank cume_dist power pow "
     "sqrt cbrt exp ln log log2 log10 pi e sin cos tan asin acos atan atan2 sinh cosh tanh degrees "
     "radians nan infinity to_unixtime cosine_similarity "
     "from_ieee754_64 normal_cdf inverse_normal_cdf beta_cdf t_cdf wilson_interval_lower "
     "wilson_interval_upper "},
    {"boolean",
     " bool_and bool_or every starts_with ends_with regexp_like contains arrays_overlap any_match "
     "all_match none_match contains_sequence json_exists luhn_check json_array_contains "
     "is_json_scalar is_nan "
     "is_finite is_infinite "},
    {"varchar",
     " listagg concat_ws lpad rpad from_utf8 to_hex to_base64 format date_format format_datetime "
     "human_readable_seconds array_join json_format json_query json_object json_array typeof "
     "translate normalize to_base32 format_number timezone "
     "soundex "},
    {"varchar(1)", " chr "},
    {"varchar(64)", " to_base "},
    {"varbinary", " to_ieee754_32 to_ieee754_64 to_utf8 from_hex from_base64 md5 sha1 sha256 "
                  "sha512 xxhash64 murmur3 to_big_endian_64 hmac_md5 hmac_sha1 "
                  "hmac_sha256 hmac_sha512 from_base32 "
                  "to_big_endian_32 checksum "},
    {"interval day", " parse_duration "},
    {"uuid", " uuid "},
    {"json", " json_parse json_extract json_array_get "},
    {"date", " date from_iso8601_date last_day_of_month current_date "},
    {"timestamp(3)", " date_parse localtimestamp "},
    {"timestamp(3) with time zone",
     " parse_datetime from_iso8601_timestamp from_unixtime now current_timestamp "},
    {"$1",
     " min max arbitrary any_value min_by max_by lag lead first_value last_value "
     "nth_value lower upper trim ltrim rtrim reverse substr substring split_part regexp_extract "
     "url_decode url_extract_host url_extract_path url_extract_protocol url_extract_query "
     "url_extract_fragment url_extract_parameter map_union abs array_sort "
     "array_distinct array_remove slice shuffle array_union array_intersect array_except filter "
     "map_filter nullif try at_timezone trim_array bitwise_left_shift bitwise_right_shift "},
    {"$2", " date_trunc reduce_agg "},
    {"$3", " date_add "},
    {"[$1]",
     " combinations ngrams array_agg sequence repeat split regexp_extract_all regexp_split "},
    {"$1e", " array_max array_min flatten array_first array_last "},
    {"[$1k]", " map_keys "},
    {"[$1v]", " map_values "},
    {"{$1:$2}", " map_agg "},
    {"{$1:[$2]}", " multimap_agg "},
    {"{$1:bigint}", " histogram "},
    {"{$2:bigint}", " approx_most_frequent "},
    {"{$1e:$2e}", " map "},
    {"{$1k:$2r}", " transform_values "},
    {"{$2r:$1v}", " transform_keys "},
    {"[$2r]", " transform "},
    {"[$3r]", " zip_with "},
    {"{$1k:$3r}", " map_zip_with "},
    {"$4r", " reduce "},
    {"[($1k,$1v)]", " map_entries "},
    {"{$1e1:$1e2}", " map_from_entries "},
    {"{$1e1:[$1e2]}", " multimap_from_entries "},
    {"{$1e:bigint}", " array_histogram "},
    {"&", " coalesce greatest least map_concat "},
    {"&2", " if "},
    {NULL, NULL},
};

/* Only what decimals may meet: what is not here the engine knows. */
static const function_result k_spark[] = {
    {"bigint",
     " count count_if approx_count_distinct regr_count array_position bigint unix_timestamp "
     "to_unix_timestamp unix_seconds unix_millis unix_micros crc32 timestampdiff factorial "
     "shiftright monotonically_increasing_id "},
    {"integer",
     " row_number rank dense_rank ntile length len char_length character_length octet_length "
     "bit_length instr locate position year quarter month day dayofmonth dayofweek dayofyear "
     "weekday weekofyear hour minute second datediff size cardinality array_size ascii "
     "levenshtein int find_in_set bit_count json_array_length regexp_count unix_date hash "},
    {"double",
     " std stddev stddev_samp stddev_pop variance var_samp var_pop covar_samp covar_pop corr "
     "regr_slope regr_intercept skewness kurtosis percent_rank cume_dist power pow sqrt cbrt exp "
     "expm1 ln log log2 log10 log1p pi e sin cos tan asin acos atan atan2 sinh cosh tanh degrees "
     "radians percentile double sign signum rand random randn hypot rint months_between "},
    {"date",
     " to_date date current_date curdate date_add date_sub add_months last_day next_day make_date "
     "date_from_unix_date "},
    {"varchar",
     " lower upper ucase lcase trim ltrim rtrim btrim substr substring concat concat_ws replace "
     "split_part regexp_extract regexp_replace string date_format get_json_object lpad rpad "},
    {"interval", " make_interval "},
    {"interval year to month", " make_ym_interval "},
    {"interval day to second", " make_dt_interval "},
    {"boolean", " bool_and bool_or every some any isnan isnull isnotnull contains startswith "},
    {"$1",
     " min max first last any_value first_value last_value lag lead nth_value min_by max_by abs "
     "negative positive nullif mode "},
    {"[&]", " array "},
    {"{$1:$2}", " map "},
    {"{$1e:$2e}", " map_from_arrays "},
    {"{varchar:varchar}", " str_to_map "},
    {"$1e", " array_max array_min get try_element_at "},
    {"&", " coalesce nvl ifnull greatest least "},
    {"&2", " if iff nvl2 "},
    {NULL, NULL},
};

/* ---- names of types ---- */

static const struct {
    const char *name;
    firn_value_type type;
} k_types[] = {
    {"bigint", {.kind = FIRN_VALUE_BIGINT}},
    {"integer", {.kind = FIRN_VALUE_INTEGER}},
    {"double", {.kind = FIRN_VALUE_DOUBLE}},
    {"boolean", {.kind = FIRN_VALUE_BOOLEAN}},
    {"varchar", {.kind = FIRN_VALUE_VARCHAR, .precision = -1}},
    {"varchar(1)", {.kind = FIRN_VALUE_VARCHAR, .precision = 1}},
    {"varchar(64)", {.kind = FIRN_VALUE_VARCHAR, .precision = 64}},
    {"varbinary", {.kind = FIRN_VALUE_VARBINARY}},
    {"uuid", {.kind = FIRN_VALUE_UUID}},
    {"json", {.kind = FIRN_VALUE_JSON}},
    {"date", {.kind = FIRN_VALUE_DATE}},
    {"interval", {.kind = FIRN_VALUE_INTERVAL_YEAR, .scale = FIRN_INTERVAL_MIXED}},
    {"interval year to month",
     {.kind = FIRN_VALUE_INTERVAL_YEAR, .scale = FIRN_INTERVAL_YEAR * 8 + FIRN_INTERVAL_MONTH}},
    {"interval day to second",
     {.kind = FIRN_VALUE_INTERVAL_DAY,
      .precision = 1,
      .scale = FIRN_INTERVAL_DAY * 8 + FIRN_INTERVAL_SECOND}},
    {"interval day", {.kind = FIRN_VALUE_INTERVAL_DAY, .precision = 1}},
    {"timestamp(3)", {.kind = FIRN_VALUE_TIMESTAMP, .precision = 3}},
    {"timestamp(3) with time zone", {.kind = FIRN_VALUE_TIMESTAMP_TZ, .precision = 3}},
};

/* ---- results that are written ---- */

typedef struct call_types {
    const firn_value_type *args;
    size_t n;
    firn_arena *arena;
} call_types;

static firn_value_type part_of(const firn_value_type *type, char which)
{
    const firn_value_type unknown = {0};
    switch (which) {
    case 'e': return type->kind == FIRN_VALUE_ARRAY ? type->parts[0] : unknown;
    case 'k': return type->kind == FIRN_VALUE_MAP ? type->parts[0] : unknown;
    case 'v': return type->kind == FIRN_VALUE_MAP ? type->parts[1] : unknown;
    case 'r': return type->kind == FIRN_VALUE_LAMBDA ? type->parts[0] : unknown;
    default: return *type;
    }
}

/* "$1e" at **at */
static firn_value_type argument(const call_types *call, const char **at)
{
    const size_t index = (size_t)((*at)[1] - '1');
    char which = (*at)[2];
    const bool has_part = which == 'e' || which == 'k' || which == 'v' || which == 'r';
    if (!has_part) which = '\0';
    *at += has_part ? 3 : 2;
    firn_value_type out =
        index < call->n ? part_of(&call->args[index], which) : (firn_value_type){0};
    if (!has_part || **at < '1' || **at > '9') return out;
    const size_t field = (size_t)(*(*at)++ - '1');
    return out.kind == FIRN_VALUE_ROW && field < out.n_parts ? out.parts[field]
                                                             : (firn_value_type){0};
}

static firn_status common_of(const call_types *call, size_t first, firn_value_type *out,
                             firn_error *err)
{
    *out = (firn_value_type){0};
    if (first >= call->n) return FIRN_OK;
    *out = call->args[first];
    for (size_t i = first + 1; i < call->n; i++) {
        const firn_value_type so_far = *out;
        FIRN_TRY(firn_value_common(&so_far, &call->args[i], call->arena, out, err));
    }
    return FIRN_OK;
}

static firn_value_type named(const char *text)
{
    for (size_t i = 0; i < sizeof k_types / sizeof *k_types; i++) {
        if (strcmp(text, k_types[i].name) == 0) return k_types[i].type;
    }
    return (firn_value_type){0};
}

static firn_status read_result(const call_types *call, const char **at, int depth,
                               firn_value_type *out, firn_error *err);

/* "[x]", "{x:y}" and "(x,y)"; of what is not known is not known. */
static firn_status read_nested(const call_types *call, const char **at, int depth,
                               firn_value_type *out, firn_error *err)
{
    const bool is_array = **at == '[';
    const bool is_map = **at == '{';
    const size_t n = is_array ? 1 : 2;
    firn_value_type *parts = firn_arena_array(call->arena, n, sizeof *parts);
    if (!parts) return firn_fail_nomem(err);
    (*at)++;
    for (size_t i = 0; i < n; i++) {
        FIRN_TRY(read_result(call, at, depth + 1, &parts[i], err));
        (*at)++; /* what parts or closes */
    }
    *out = (firn_value_type){.kind = is_array ? FIRN_VALUE_ARRAY
                                     : is_map ? FIRN_VALUE_MAP
                                              : FIRN_VALUE_ROW,
                             .parts = parts,
                             .n_parts = n};
    return FIRN_OK;
}

static firn_status read_result(const call_types *call, const char **at, int depth,
                               firn_value_type *out, firn_error *err)
{
    char word[16] = {0};
    size_t n = 0;
    *out = (firn_value_type){0};
    if (depth > FIRN_LIMIT_NESTING) return FIRN_OK;
    if (**at == '[' || **at == '{' || **at == '(') return read_nested(call, at, depth, out, err);
    if (**at == '$') {
        *out = argument(call, at);
        return FIRN_OK;
    }
    while (**at >= 'a' && **at <= 'z' && n + 1 < sizeof word) word[n++] = *(*at)++;
    *out = named(word);
    return FIRN_OK;
}

/* ---- results that depend on parameters ---- */

static firn_value_type rounded(const firn_value_type *type, int32_t digits)
{
    firn_value_type out = *type;
    if (type->kind != FIRN_VALUE_DECIMAL) return out;
    out.precision = digits < 1 ? 1 : digits > 38 ? 38 : digits;
    out.scale = 0;
    return out;
}

static firn_value_type round_type(const call_types *call)
{
    firn_value_type out = call->args[0];
    const int32_t whole = out.precision - out.scale;
    if (call->n == 1) return rounded(&out, whole + (out.scale > 0));
    if (out.kind == FIRN_VALUE_DECIMAL && out.precision < 38) out.precision++;
    return out;
}

static firn_value_type sum_type(const firn_value_type *arg)
{
    firn_value_type out = *arg;
    if (firn_value_is_integer(arg)) out.kind = FIRN_VALUE_BIGINT;
    if (arg->kind == FIRN_VALUE_DECIMAL) out.precision = 38;
    return out;
}

static firn_value_type text_of_length(const firn_value_type *arg, int32_t times)
{
    firn_value_type out = {.kind = FIRN_VALUE_VARCHAR, .precision = -1};
    if (firn_value_is_text(arg) && arg->precision >= 0 && arg->precision < INT32_MAX / times)
        out.precision = arg->precision * times;
    return out;
}

/* Room for what stands between all characters; a pattern may put its groups there, too. */
static firn_value_type replaced_type(const call_types *call, bool has_groups)
{
    firn_value_type out = call->args[0];
    if (call->n < 3 || !firn_value_is_text(&out) || out.precision < 0) return out;
    const int64_t x = out.precision;
    int64_t y = call->args[2].precision;
    if (!firn_value_is_text(&call->args[2]) || y < 0 || x > 10000 || y > 10000) {
        out.precision = -1;
        return out;
    }
    if (has_groups && x * y / 2 > y) y = x * y / 2;
    const int64_t length = x + y * (x + 1);
    out.precision = length < INT32_MAX ? (int32_t)length : -1;
    return out;
}

static firn_value_type random_type(const call_types *call)
{
    return (firn_value_type){.kind = call->n == 0 ? FIRN_VALUE_DOUBLE : FIRN_VALUE_UNKNOWN};
}

static firn_value_type sum_of(const call_types *call)
{
    return sum_type(&call->args[0]);
}

static firn_value_type average_type(const call_types *call)
{
    const bool is_integer = firn_value_is_integer(&call->args[0]);
    return is_integer ? (firn_value_type){.kind = FIRN_VALUE_DOUBLE} : call->args[0];
}

static firn_value_type ceiling_type(const call_types *call)
{
    const firn_value_type *arg = &call->args[0];
    return rounded(arg, arg->precision - arg->scale + (arg->scale > 0));
}

static firn_value_type truncate_type(const call_types *call)
{
    const firn_value_type *arg = &call->args[0];
    return call->n == 1 ? rounded(arg, arg->precision - arg->scale) : *arg;
}

static firn_value_type sign_type(const call_types *call)
{
    return rounded(&call->args[0], 1);
}

static firn_value_type of_operator(const call_types *call, char op)
{
    if (call->n < 2) return (firn_value_type){0};
    return firn_value_of_operator(FIRN_DIALECT_TRINO, op, &call->args[0], &call->args[1]);
}

static firn_value_type remainder_type(const call_types *call)
{
    return call->n == 2 ? of_operator(call, '%') : (firn_value_type){0};
}

static firn_value_type concat_type(const call_types *call)
{
    return of_operator(call, '|');
}

static firn_value_type url_type(const call_types *call)
{
    return text_of_length(&call->args[0], 12);
}

static firn_value_type json_text_type(const call_types *call)
{
    return text_of_length(&call->args[0], 1);
}

static firn_value_type element_type(const call_types *call)
{
    return part_of(&call->args[0], call->args[0].kind == FIRN_VALUE_MAP ? 'v' : 'e');
}

static firn_value_type iso_text_type(const call_types *call)
{
    const firn_value_type *arg = &call->args[0];
    const int32_t fraction = arg->precision + (arg->precision > 0);
    firn_value_type out = {.kind = FIRN_VALUE_VARCHAR};
    switch (arg->kind) {
    case FIRN_VALUE_DATE: out.precision = 16; return out;
    case FIRN_VALUE_TIMESTAMP: out.precision = 22 + fraction; return out;
    case FIRN_VALUE_TIMESTAMP_TZ: out.precision = 28 + fraction; return out;
    default: return (firn_value_type){0};
    }
}

static firn_value_type zoned_type(const call_types *call)
{
    firn_value_type out = call->args[0];
    out.kind = FIRN_VALUE_TIMESTAMP_TZ;
    return out;
}

static firn_value_type replace_type(const call_types *call)
{
    return replaced_type(call, false);
}

static firn_value_type regexp_replace_type(const call_types *call)
{
    return replaced_type(call, true);
}

/* False: not one of these, or not with such parameters. */
static bool computed(firn_str name, const call_types *call, firn_value_type *out)
{
    static const struct {
        const char *name;
        size_t least; /* parameters */
        firn_value_type (*rule)(const call_types *call);
    } k_rules[] = {
        {"rand", 0, random_type},
        {"random", 0, random_type},
        {"sum", 1, sum_of},
        {"avg", 1, average_type},
        {"round", 1, round_type},
        {"ceil", 1, ceiling_type},
        {"ceiling", 1, ceiling_type},
        {"floor", 1, ceiling_type},
        {"truncate", 1, truncate_type},
        {"sign", 1, sign_type},
        {"mod", 2, remainder_type},
        {"url_encode", 1, url_type},
        {"json_extract_scalar", 1, json_text_type},
        {"element_at", 1, element_type},
        {"to_iso8601", 1, iso_text_type},
        {"with_timezone", 1, zoned_type},
        {"concat", 2, concat_type},
        {"replace", 1, replace_type},
        {"regexp_replace", 1, regexp_replace_type},
    };
    for (size_t i = 0; i < sizeof k_rules / sizeof *k_rules; i++) {
        if (call->n < k_rules[i].least || !firn_str_equals(name, firn_str_of(k_rules[i].name)))
            continue;
        *out = k_rules[i].rule(call);
        return out->kind != FIRN_VALUE_UNKNOWN;
    }
    return false;
}

/* Of integers are bigints; several of them are an array. */
static firn_status percentile_type(const call_types *call, firn_value_type *out, firn_error *err)
{
    firn_value_type *element = firn_arena_array(call->arena, 1, sizeof *element);
    if (!element) return firn_fail_nomem(err);
    *element = call->args[0];
    if (firn_value_is_integer(element)) element->kind = FIRN_VALUE_BIGINT;
    *out = *element;
    if (call->args[call->n - 1].kind == FIRN_VALUE_ARRAY)
        *out = (firn_value_type){.kind = FIRN_VALUE_ARRAY, .parts = element, .n_parts = 1};
    return FIRN_OK;
}

/* Digits in front of the point, and one more that rounding may need; digits behind it as asked for
 * when they are a literal, which its caller cannot see: not known then. */
static firn_value_type spark_rounded(const call_types *call)
{
    const firn_value_type *arg = &call->args[0];
    if (arg->kind != FIRN_VALUE_DECIMAL || call->n > 1) return (firn_value_type){0};
    return rounded(arg, arg->precision - arg->scale + 1);
}

static firn_value_type wider(const firn_value_type *arg, int32_t digits, int32_t scale)
{
    firn_value_type out = *arg;
    if (arg->kind != FIRN_VALUE_DECIMAL) return (firn_value_type){.kind = FIRN_VALUE_DOUBLE};
    out.precision = arg->precision + digits < 38 ? arg->precision + digits : 38;
    out.scale = arg->scale + scale < 38 ? arg->scale + scale : 38;
    return out;
}

static bool is_interval(const firn_value_type *type)
{
    return type->kind == FIRN_VALUE_INTERVAL_DAY || type->kind == FIRN_VALUE_INTERVAL_YEAR;
}

/* A sum may have all units. */
static firn_value_type interval_total(const firn_value_type *arg)
{
    return named(arg->kind == FIRN_VALUE_INTERVAL_DAY ? "interval day to second"
                                                      : "interval year to month");
}

/* Functions of a list that give some of its elements. */
static bool keeps_elements(firn_str name)
{
    static const char *const k_names[] = {
        "filter",  "slice",          "sort_array",    "array_sort",   "reverse",
        "shuffle", "array_distinct", "array_compact", "array_remove", NULL};
    for (size_t i = 0; k_names[i]; i++) {
        if (firn_str_equals(name, firn_str_of(k_names[i]))) return true;
    }
    return false;
}

/* What try_add() and the like of Spark compute; '\0': another function. */
static char operator_of(firn_str name)
{
    static const struct {
        const char *name;
        char op;
    } k_functions[] = {{"try_add", '+'},    {"try_subtract", '-'}, {"try_multiply", '*'},
                       {"try_divide", '/'}, {"try_mod", '%'},      {"mod", '%'}};
    for (size_t i = 0; i < sizeof k_functions / sizeof *k_functions; i++)
        if (firn_str_equals(name, firn_str_of(k_functions[i].name))) return k_functions[i].op;
    return '\0';
}

/* False: not one of these. */
static bool spark_computed(firn_str name, const call_types *call, firn_value_type *out)
{
    static const char *const k_rounds[] = {"round", "bround", "ceil", "ceiling", "floor"};
    const firn_value_type *arg = &call->args[0];
    if (call->n == 0) return false;
    for (size_t i = 0; i < sizeof k_rounds / sizeof *k_rounds; i++) {
        if (!firn_str_equals(name, firn_str_of(k_rounds[i]))) continue;
        *out = spark_rounded(call);
        return true;
    }
    if (firn_str_equals(name, FIRN_STR("sum"))) {
        *out = firn_value_is_integer(arg) ? (firn_value_type){.kind = FIRN_VALUE_BIGINT}
               : is_interval(arg)         ? interval_total(arg)
                                          : wider(arg, 10, 0);
    } else if (firn_str_equals(name, FIRN_STR("avg")) || firn_str_equals(name, FIRN_STR("mean"))) {
        *out = is_interval(arg) ? interval_total(arg) : wider(arg, 4, 4);
    } else if (arg->kind == FIRN_VALUE_ARRAY && keeps_elements(name)) {
        *out = *arg;
    } else if (call->n == 2 && operator_of(name) != '\0') {
        *out = firn_value_of_operator(FIRN_DIALECT_SPARK, operator_of(name), arg, &call->args[1]);
    } else {
        return false;
    }
    if (arg->kind == FIRN_VALUE_UNKNOWN) *out = *arg;
    return true;
}

/* Rows of the elements. */
static firn_status zip_type(const call_types *call, firn_value_type *out, firn_error *err)
{
    firn_value_type *row = firn_arena_array(call->arena, 1, sizeof *row);
    firn_value_type *elements = firn_arena_array(call->arena, call->n, sizeof *elements);
    if (!row || !elements) return firn_fail_nomem(err);
    for (size_t i = 0; i < call->n; i++) elements[i] = part_of(&call->args[i], 'e');
    *row = (firn_value_type){.kind = FIRN_VALUE_ROW, .parts = elements, .n_parts = call->n};
    *out = (firn_value_type){.kind = FIRN_VALUE_ARRAY, .parts = row, .n_parts = 1};
    return FIRN_OK;
}

/* ---- the question ---- */

static const char *find_result(firn_dialect dialect, firn_str name, firn_arena *arena)
{
    const firn_str word = firn_arena_printf(arena, " %.*s ", FIRN_STR_ARG(name));
    const function_result *f = dialect == FIRN_DIALECT_SPARK ? k_spark : k_trino;
    for (; word.data && f->result; f++) {
        if (strstr(f->names, word.data)) return f->result;
    }
    return NULL;
}

firn_status firn_value_of_function(firn_dialect dialect, firn_str name, const firn_value_type *args,
                                   size_t n_args, firn_arena *arena, firn_value_type *out,
                                   firn_error *err)
{
    const bool is_spark = dialect == FIRN_DIALECT_SPARK;
    const call_types call = {args, n_args, arena};
    char lower[64];
    *out = (firn_value_type){0};
    if (name.len >= sizeof lower || memchr(name.data, ' ', name.len)) return FIRN_OK;
    for (size_t i = 0; i < name.len; i++) {
        const char c = name.data[i];
        lower[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    const firn_str key = {lower, name.len};
    if (is_spark ? spark_computed(key, &call, out) : computed(key, &call, out)) return FIRN_OK;
    if (!is_spark && firn_str_equals(key, FIRN_STR("zip"))) return zip_type(&call, out, err);
    if (!is_spark && n_args > 1 && firn_str_equals(key, FIRN_STR("approx_percentile")))
        return percentile_type(&call, out, err);
    const bool is_offset =
        firn_str_equals(key, FIRN_STR("lag")) || firn_str_equals(key, FIRN_STR("lead"));
    if (!is_spark && n_args == 3 && is_offset) /* with a default */
        return firn_value_common(&args[0], &args[2], arena, out, err);
    const char *result = find_result(dialect, key, arena);
    if (!result) return FIRN_OK;
    if (result[0] == '&') return common_of(&call, result[1] == '2' ? 1 : 0, out, err);
    *out = named(result);
    if (out->kind != FIRN_VALUE_UNKNOWN) return FIRN_OK;
    return read_result(&call, &result, 0, out, err);
}
