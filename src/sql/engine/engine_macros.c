/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of ours that SQL can say, as temporary macros of the engine. Their arguments are
 * written as often as they are named. Each is made when a statement first names it: to make all of
 * them takes longer than most statements. */
#include "base/error.h"
#include "base/str.h"
#include "sql/engine/engine_api.h"

static const char *const k_macros[] = {
    /* the text of a real or double as the engine writes it, in the spelling of Trino: 1.0E20,
     * 1.5E0, NaN */
    "CREATE TEMP MACRO firn_float_digits(sign, whole, fraction) AS sign || whole[1] || '.' || "
    "coalesce(nullif(rtrim(whole[2:] || fraction, '0'), ''), '0') || 'E' || (len(whole) - 1)",
    "CREATE TEMP MACRO firn_float_small(sign, fraction) AS sign || ltrim(fraction, '0')[1] || '.' "
    "|| coalesce(nullif(ltrim(fraction, '0')[2:], ''), '0') || 'E-' || (len(fraction) - "
    "len(ltrim(fraction, '0')) + 1)",
    "CREATE TEMP MACRO firn_float_text(text) AS CASE WHEN text = 'nan' THEN 'NaN' "
    "WHEN text LIKE '%inf' THEN replace(text, 'inf', 'Infinity') "
    "WHEN text LIKE '%e%' THEN regexp_replace(regexp_replace(regexp_replace(text, "
    "'^(-?[0-9])e', '\\1.0e'), 'e[+]?0*', 'E'), 'E-0*', 'E-') "
    "WHEN CAST(text AS DOUBLE) = 0 THEN '0E0' "
    "WHEN abs(CAST(text AS DOUBLE)) >= 1 THEN firn_float_digits(regexp_extract(text, '^-?'), "
    "split_part(ltrim(text, '-'), '.', 1), split_part(text, '.', 2)) ELSE "
    "firn_float_small(regexp_extract(text, '^-?'), split_part(text, '.', 2)) END",
    /* microseconds as "1 02:03:04.500" */
    "CREATE TEMP MACRO firn_interval_text(us) AS CASE WHEN us < 0 THEN '-' ELSE '' END || "
    "abs(us) // 86400000000 || ' ' || lpad(CAST(abs(us) // 3600000000 % 24 AS VARCHAR), 2, '0') "
    "|| ':' || lpad(CAST(abs(us) // 60000000 % 60 AS VARCHAR), 2, '0') || ':' || "
    "lpad(CAST(abs(us) // 1000000 % 60 AS VARCHAR), 2, '0') || '.' || "
    "lpad(CAST(abs(us) // 1000 % 1000 AS VARCHAR), 3, '0')",
    /* months as "3-0" */
    "CREATE TEMP MACRO firn_months_text(months) AS CASE WHEN months < 0 THEN '-' ELSE '' END || "
    "abs(months) // 12 || '-' || abs(months) % 12",
    /* a = b of lists: null when that of two elements is and no others differ */
    "CREATE TEMP MACRO firn_lists_equal(a, b) AS CASE WHEN len(a) <> len(b) THEN false "
    "WHEN list_bool_and(list_transform(list_zip(a, b), lambda \"p\": \"p\"[1] = \"p\"[2])) = false "
    "THEN false WHEN len(list_filter(list_zip(a, b), lambda \"p\": (\"p\"[1] = \"p\"[2]) IS NULL)) "
    "> 0 THEN NULL WHEN a IS NULL OR b IS NULL THEN NULL ELSE true END",
    /* ---- of the dialects of Spark and Trino ---- */
    /* a text that is no JSON is null */
    "CREATE TEMP MACRO firn_json(text) AS CASE WHEN json_valid(text) THEN text END",
    /* members of a row come from an object */
    "CREATE TEMP MACRO firn_json_members(j) AS CASE WHEN json_type(j) = 'ARRAY' THEN error('not "
    "supported: an array of JSON as a row in dialect trino') ELSE j END",
    /* the place of a text in another, counted from 1, at or after a place */
    "CREATE TEMP MACRO firn_locate(sub, text, place) AS CASE WHEN sub IS NULL OR text IS NULL OR "
    "place IS NULL THEN NULL WHEN place < 1 THEN 0 WHEN instr(substring(text, place), sub) > 0 "
    "THEN instr(substring(text, place), sub) + place - 1 ELSE 0 END",
    /* a part of a URL by its name in java.net.URL */
    "CREATE TEMP MACRO firn_parse_url(url, part) AS CASE part WHEN 'PROTOCOL' THEN "
    "nullif(regexp_extract(url, '^([^:/?#]+):', 1), '') WHEN 'HOST' THEN "
    "nullif(regexp_extract(url, '^[^:/?#]+://(?:[^/?#@]*@)?([^/?#:]*)', 1), '') WHEN 'PATH' THEN "
    "CASE WHEN regexp_matches(url, '^[^:/?#]+:') THEN regexp_extract(url, "
    "'^[^:/?#]+:(?://[^/?#]*)?([^?#]*)', 1) END WHEN 'QUERY' THEN CASE WHEN regexp_matches(url, "
    "'^[^#]*[?]') THEN regexp_extract(url, '[?]([^#]*)', 1) END WHEN 'REF' THEN CASE WHEN "
    "contains(url, '#') THEN regexp_extract(url, '#(.*)', 1) END WHEN 'FILE' THEN "
    "nullif(regexp_extract(url, '^[^:/?#]+:(?://[^/?#]*)?([^#]*)', 1), '') WHEN 'AUTHORITY' THEN "
    "nullif(regexp_extract(url, '^[^:/?#]+://([^/?#]*)', 1), '') WHEN 'USERINFO' THEN "
    "nullif(regexp_extract(url, '^[^:/?#]+://([^/?#@]*)@', 1), '') END",
    /* is a text no URL */
    "CREATE TEMP MACRO firn_is_no_url(url) AS regexp_matches(url, '[ <>\"{}|^`\\\\]')",
    /* at most n pieces of a text, the last with what is left; n below 1: all */
    "CREATE TEMP MACRO firn_split(text, pattern, n) AS CASE WHEN n = 1 THEN [text] WHEN n < 1 OR "
    "len(string_split_regex(text, pattern)) <= n THEN string_split_regex(text, pattern) ELSE "
    "list_append(list_slice(string_split_regex(text, pattern), 1, n - 1), substring(text, 1 + "
    "CAST(list_sum(list_transform(list_slice(string_split_regex(text, pattern), 1, n - 1), lambda "
    "p: len(p))) + list_sum(list_transform(list_slice(regexp_extract_all(text, pattern), 1, n - "
    "1), lambda p: len(p))) AS BIGINT))) END",
    /* in which of n equal parts of a to b is x */
    "CREATE TEMP MACRO firn_width_bucket(x, a, b, n) AS CAST(CASE WHEN n <= 0 OR a = b THEN NULL "
    "WHEN a < b THEN CASE WHEN x < a THEN 0 WHEN x >= b THEN n + 1 ELSE floor((CAST(x AS DOUBLE) - "
    "a) / (CAST(b AS DOUBLE) - a) * n) + 1 END ELSE CASE WHEN x > a THEN 0 WHEN x <= b THEN n + 1 "
    "ELSE floor((CAST(a AS DOUBLE) - x) / (CAST(a AS DOUBLE) - b) * n) + 1 END END AS BIGINT)",
    /* lists: nulls are not known, so what is not found beside one is not known */
    "CREATE TEMP MACRO firn_contains(list, x) AS CASE WHEN x IS NULL OR list IS NULL THEN NULL "
    "WHEN list_contains(list, x) THEN true WHEN len(list) > list_count(list) THEN NULL ELSE false "
    "END",
    "CREATE TEMP MACRO firn_overlap(a, b) AS CASE WHEN a IS NULL OR b IS NULL THEN NULL WHEN "
    "list_has_any(list_filter(a, lambda x: x IS NOT NULL), list_filter(b, lambda x: x IS NOT "
    "NULL)) THEN true WHEN len(a) = 0 OR len(b) = 0 THEN false WHEN len(a) > list_count(a) OR "
    "len(b) > list_count(b) THEN NULL ELSE false END",
    "CREATE TEMP MACRO firn_any(list) AS CASE WHEN list IS NULL THEN NULL WHEN list_bool_or(list) "
    "THEN true WHEN len(list) > list_count(list) THEN NULL ELSE false END",
    "CREATE TEMP MACRO firn_all(list) AS CASE WHEN list IS NULL THEN NULL WHEN NOT "
    "list_bool_and(list) THEN false WHEN len(list) > list_count(list) THEN NULL ELSE true END",
    /* lists as sets, in the order of the first; nulls are equal */
    "CREATE TEMP MACRO firn_distinct(list) AS list_filter(list, lambda x, i: list_position(list, "
    "x) = i)",
    "CREATE TEMP MACRO firn_intersect(a, b) AS CASE WHEN b IS NOT NULL THEN list_filter(a, lambda "
    "x, i: list_position(b, x) IS NOT NULL AND list_position(a, x) = i) END",
    "CREATE TEMP MACRO firn_except(a, b) AS CASE WHEN b IS NOT NULL THEN list_filter(a, lambda x, "
    "i: list_position(b, x) IS NULL AND list_position(a, x) = i) END",
    /* n elements from one on that is counted from 1, or from the end when it is negative */
    "CREATE TEMP MACRO firn_slice(list, place, n) AS CASE WHEN place = 0 THEN error('elements are "
    "counted from 1, or from -1') WHEN n < 0 THEN error('a slice of less than no elements') WHEN "
    "place > 0 THEN list_slice(list, place, place + n - 1) WHEN len(list) + place < 0 THEN "
    "list_slice(list, 1, 0) ELSE list_slice(list, len(list) + place + 1, len(list) + place + n) "
    "END",
    "CREATE TEMP MACRO firn_insert(list, place, x) AS CASE WHEN list IS NULL OR place IS NULL THEN "
    "NULL WHEN place = 0 THEN error('elements are counted from 1, or from -1') WHEN place > "
    "len(list) THEN list_append(list_resize(list, place - 1), x) WHEN place < -1 - len(list) THEN "
    "error('not supported: an element before the first by more than one') ELSE "
    "list_concat(list_slice(list, 1, CASE WHEN place > 0 THEN place ELSE len(list) + place + 2 END "
    "- 1), [x], list_slice(list, CASE WHEN place > 0 THEN place ELSE len(list) + place + 2 END, "
    "len(list))) END",
    /* numbers from a to b; a step the other way is an error */
    "CREATE TEMP MACRO firn_sequence(a, b, step) AS CASE WHEN (b - a) * step < 0 OR (step = 0 AND "
    "a <> b) THEN error('the step leads away from the end of the sequence') ELSE "
    "generate_series(a, CASE WHEN abs(b - a) // greatest(abs(step), 1) > 10000000 THEN error('a "
    "sequence of more than 10000000') ELSE b END, step) END",
    /* months of an interval; times from a to b, each as many steps behind the first */
    "CREATE TEMP MACRO firn_interval_months(step) AS (datepart('year', step) * 12 + "
    "datepart('month', step))",
    "CREATE TEMP MACRO firn_series(a, b, step) AS CASE WHEN firn_interval_months(step) < 0 THEN "
    "error('not supported: a step back by months') WHEN firn_interval_months(step) = 0 THEN "
    "generate_series(a, b, step) ELSE list_filter(list_transform(range(0, (date_diff('month', a, "
    "b) + 1) // firn_interval_months(step) + 2), lambda i: a + step * CAST(i AS INTEGER)), lambda "
    "t: t <= b) END",
    /* maps of texts and of maps */
    "CREATE TEMP MACRO firn_to_map(text, parts, pair) AS "
    "map_from_entries(list_transform(string_split_regex(text, parts), lambda e: struct_pack(k := "
    "firn_split(e, pair, 2)[1], v := firn_split(e, pair, 2)[2])))",
    "CREATE TEMP MACRO firn_map_concat(a, b) AS CASE WHEN a IS NULL OR b IS NULL THEN NULL WHEN "
    "list_has_any(map_keys(a), map_keys(b)) THEN error('a key is in both maps') ELSE map_concat(a, "
    "b) END",
    /* the skewness of a sample as that of a population */
    "CREATE TEMP MACRO firn_skewness(g, n) AS (g * (n - 2) / sqrt(n * (n - 1)))",
    /* whole months from a to b */
    "CREATE TEMP MACRO firn_month_number(t) AS (year(t) * 12 + month(t))",
    "CREATE TEMP MACRO firn_in_month(t) AS (epoch_us(t) - epoch_us(date_trunc('month', t)))",
    "CREATE TEMP MACRO firn_months(a, b) AS (firn_month_number(b) - firn_month_number(a) - CASE "
    "WHEN b > a AND firn_in_month(b) < firn_in_month(a) THEN 1 WHEN b < a AND firn_in_month(b) > "
    "firn_in_month(a) THEN -1 ELSE 0 END)",
    /* months from b to a with their fraction of 31 days; none between two last days */
    "CREATE TEMP MACRO firn_months_between(a, b) AS CASE WHEN day(a) = day(b) OR (last_day(a) = "
    "CAST(a AS DATE) AND last_day(b) = CAST(b AS DATE)) THEN CAST(firn_month_number(a) - "
    "firn_month_number(b) AS DOUBLE) ELSE firn_month_number(a) - firn_month_number(b) + "
    "(firn_in_month(a) - firn_in_month(b)) / 2678400000000.0 END",
    /* units as Spark spells them; a unit that is none gives null */
    "CREATE TEMP MACRO firn_unit(unit) AS CASE upper(unit) WHEN 'MM' THEN 'month' WHEN 'MON' THEN "
    "'month' WHEN 'MONTH' THEN 'month' WHEN 'YY' THEN 'year' WHEN 'YYYY' THEN 'year' WHEN 'YEAR' "
    "THEN 'year' WHEN 'QUARTER' THEN 'quarter' WHEN 'WEEK' THEN 'week' WHEN 'DD' THEN 'day' WHEN "
    "'DAY' THEN 'day' WHEN 'HOUR' THEN 'hour' WHEN 'MINUTE' THEN 'minute' WHEN 'SECOND' THEN "
    "'second' WHEN 'MILLISECOND' THEN 'millisecond' WHEN 'MICROSECOND' THEN 'microsecond' END",
    "CREATE TEMP MACRO firn_date_trunc(unit, t) AS CASE WHEN firn_unit(unit) IS NOT NULL THEN "
    "date_trunc(coalesce(firn_unit(unit), 'day'), t) END",
    "CREATE TEMP MACRO firn_trunc_date(d, unit) AS CASE WHEN firn_unit(unit) IN ('year', "
    "'quarter', 'month', 'week') THEN CAST(date_trunc(coalesce(firn_unit(unit), 'day'), d) AS "
    "DATE) END",
    /* a time of a text or a date; seconds with their fraction */
    "CREATE TEMP MACRO firn_stamp(x) AS cast_to_type(x, firn_stamp_type(x))",
    "CREATE TEMP MACRO firn_seconds(t) AS CAST(CAST(datepart('microsecond', t) AS DECIMAL(14,6)) * "
    "0.000001 AS DECIMAL(8,6))",
    /* a time or a date as ISO 8601 */
    "CREATE TEMP MACRO firn_iso8601(x) AS CASE typeof(x) WHEN 'DATE' THEN CAST(x AS VARCHAR) WHEN "
    "'TIMESTAMP WITH TIME ZONE' THEN replace(strftime(CAST(x AS TIMESTAMP), "
    "'%Y-%m-%dT%H:%M:%S.%g') || 'Z', '.000Z', 'Z') ELSE regexp_replace(strftime(CAST(x AS "
    "TIMESTAMP), '%Y-%m-%dT%H:%M:%S.%g'), '[.]000$', '') END",
    /* a text without a fraction, for a cast to an integer */
    "CREATE TEMP MACRO firn_whole_text(x) AS CASE WHEN regexp_matches(x, '[.eE]') THEN x || ' (no "
    "integer)' ELSE x END",
    /* an empty object for what is no JSON */
    "CREATE TEMP MACRO firn_json_object(text) AS CASE WHEN text IS NOT NULL THEN "
    "coalesce(firn_json(text), '{}') END",
    /* the letter that the engine has a capital of */
    "CREATE TEMP MACRO firn_upper(text, sharp) AS CASE WHEN contains(text, 'ß') THEN "
    "array_to_string(list_transform(string_split(text, 'ß'), lambda p: upper(p)), sharp) ELSE "
    "upper(text) END",
    /* a percent sign stands before two hexadecimal digits */
    "CREATE TEMP MACRO firn_is_escaped(text) AS NOT regexp_matches(text, "
    "'%([^0-9A-Fa-f]|.[^0-9A-Fa-f]|.?$)')",
    "CREATE TEMP MACRO firn_url_decode(text) AS CASE WHEN firn_is_escaped(text) THEN "
    "url_decode(replace(text, '+', ' ')) ELSE error('a percent sign without two hexadecimal "
    "digits') END",
    /* a parameter of a URL */
    "CREATE TEMP MACRO firn_url_parameter(url, name) AS CASE WHEN regexp_matches('&' || "
    "firn_parse_url(url, 'QUERY'), '&' || regexp_escape(name) || '(=|&|$)') THEN "
    "url_decode(replace(regexp_extract('&' || firn_parse_url(url, 'QUERY'), '&' || "
    "regexp_escape(name) || '=([^&]*)', 1), '+', ' ')) END",
    /* an element of a JSON array, from 0, or from its end */
    "CREATE TEMP MACRO firn_json_element(text, i) AS CASE WHEN json_type(firn_json(text)) = "
    "'ARRAY' THEN json_extract_string(firn_json(text), '$[' || CASE WHEN i < 0 THEN '#' ELSE '' "
    "END || CAST(i AS VARCHAR) || ']') END",
    /* Trino's substr(): nothing in front of the first character */
    "CREATE TEMP MACRO firn_substr(text, place, n) AS CASE WHEN text IS NULL OR place IS NULL OR n "
    "IS NULL THEN NULL WHEN place = 0 OR n <= 0 OR place < -length(text) THEN '' ELSE "
    "substring(text, place, n) END",
    /* a number's digits in another base */
    "CREATE TEMP MACRO firn_from_base(text, base) AS CASE WHEN NOT regexp_matches(lower(text), "
    "'^[-+]?[0-9a-z]+$') OR list_max(list_transform(string_split(ltrim(lower(text), '+-'), ''), "
    "lambda c: instr('0123456789abcdefghijklmnopqrstuvwxyz', c))) > base THEN error('a digit that "
    "the base has not') ELSE list_reduce(list_transform(string_split(ltrim(lower(text), '+-'), "
    "''), lambda c: CAST(instr('0123456789abcdefghijklmnopqrstuvwxyz', c) - 1 AS BIGINT)), lambda "
    "a, d: a * base + d) * CASE WHEN text[1] = '-' THEN -1 ELSE 1 END END",
    /* of entries: the values of each key; the first value of each key */
    "CREATE TEMP MACRO firn_multimap(l) AS map_from_entries(list_transform(firn_distinct("
    "list_transform(l, lambda e: e.k)), lambda q: struct_pack(k := q, v := "
    "list_transform(list_filter(l, lambda e: e.k = q), lambda e: e.v))))",
    "CREATE TEMP MACRO firn_union(l) AS map_from_entries(list_filter(l, lambda e, i: "
    "list_position(list_transform(l, lambda f: f.key), e.key) = i))",
    /* bits of a number's type */
    "CREATE TEMP MACRO firn_bits(x) AS CASE typeof(x) WHEN 'TINYINT' THEN 8 WHEN 'SMALLINT' THEN "
    "16 WHEN 'INTEGER' THEN 32 ELSE 64 END",
    /* Java's shifts, by as many bits as the type has at most: of integers without a type of their
     * own, and of what is at least one */
    "CREATE TEMP MACRO firn_java_shift(x, n, to_left) AS cast_to_type(CASE WHEN to_left THEN "
    "firn_shift_left(x, n & (firn_bits(x) - 1), firn_bits(x)) ELSE firn_shift_right(x, n & "
    "(firn_bits(x) - 1), firn_bits(x)) END, x)",
    /* letters and digits by others; null: as they are */
    "CREATE TEMP MACRO firn_mask(text, big, small, digit, other) AS CASE WHEN text IS NOT NULL "
    "THEN array_to_string(list_transform(string_split(text, ''), lambda c: coalesce(CASE WHEN "
    "regexp_matches(c, '\\p{Lu}') THEN big WHEN regexp_matches(c, '\\p{Ll}') THEN small WHEN "
    "regexp_matches(c, '\\p{Nd}') THEN digit ELSE other END, c)), '') END",
    /* the check digit of a number by Luhn; others are false */
    "CREATE TEMP MACRO firn_luhn(text) AS CASE WHEN text IS NULL THEN NULL WHEN NOT "
    "regexp_full_match(text, '[0-9]+') THEN false ELSE "
    "list_sum(list_transform(string_split(reverse(text), ''), lambda c, i: CASE WHEN i % 2 = 1 "
    "THEN CAST(c AS INTEGER) ELSE CAST(c AS INTEGER) * 2 // 10 + CAST(c AS INTEGER) * 2 % 10 "
    "END)) % 10 = 0 END",
    /* a text beside a whole number */
    "CREATE TEMP MACRO firn_whole(text) AS CASE WHEN regexp_full_match(text, "
    "'\\s*[-+]?[0-9]+\\s*') THEN CAST(text AS BIGINT) WHEN text IS NOT NULL THEN error('\"' || "
    "text || '\" is not a whole number') END",
    /* a count that is not from 0 to most is an error, in front of a list of so many */
    "CREATE TEMP MACRO firn_count(n, most) AS CASE WHEN n BETWEEN 0 AND most THEN n WHEN n IS NOT "
    "NULL THEN error('found a count of ' || n || ', expected 0 to ' || most) END",
    /* random letters and digits */
    "CREATE TEMP MACRO firn_random_text(n) AS array_to_string(list_transform(range(firn_count(n, "
    "1000000)), lambda i: substring("
    "'0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ', 1 + CAST(floor(random() * "
    "62) AS INTEGER), 1)), '')",
    /* words of the sentences of a text */
    "CREATE TEMP MACRO firn_sentences(text) AS list_filter(list_transform(string_split_regex(text, "
    "'[.!?]+(\\s+|$)'), lambda s: list_filter(string_split_regex(s, '[^\\p{L}\\p{N}''_]+'), lambda "
    "w: w <> '')), lambda l: len(l) > 0)",
    /* a whole number's text, for a cast to an integer; others are null */
    "CREATE TEMP MACRO firn_whole_or_null(text) AS CASE WHEN regexp_full_match(text, "
    "'\\s*[-+]?[0-9]+\\s*') THEN text END",
    /* a date with a week or the day of its year */
    "CREATE TEMP MACRO firn_iso_date(text) AS CASE WHEN regexp_full_match(text, "
    "'\\d{4}-W\\d{2}') THEN CAST(strptime(text || '-1', '%G-W%V-%u') AS DATE) WHEN "
    "regexp_full_match(text, '\\d{4}-W\\d{2}-\\d') THEN CAST(strptime(text, '%G-W%V-%u') AS DATE) "
    "WHEN regexp_full_match(text, '\\d{4}-\\d{3}') THEN CAST(strptime(text, '%Y-%j') AS DATE) ELSE "
    "CAST(text AS DATE) END",
    /* "3.5 d" to the millisecond; "2.5kB" in bytes */
    "CREATE TEMP MACRO firn_duration_unit(unit) AS CASE unit WHEN 'ns' THEN 0.000001 WHEN 'us' "
    "THEN 0.001 WHEN 'ms' THEN 1 WHEN 's' THEN 1000 WHEN 'm' THEN 60000 WHEN 'h' THEN 3600000 WHEN "
    "'d' THEN 86400000 END",
    "CREATE TEMP MACRO firn_duration(text) AS CASE WHEN regexp_full_match(text, "
    "'\\s*\\d+([.]\\d+)?\\s*(ns|us|ms|s|m|h|d)\\s*') THEN to_microseconds(1000 * "
    "CAST(round(CAST(regexp_extract(text, '[0-9.]+') AS DOUBLE) * "
    "firn_duration_unit(regexp_extract(text, '[a-z]+'))) AS BIGINT)) WHEN text IS NOT NULL THEN "
    "error('\"' || text || '\" is not a duration like 3.5d') END",
    "CREATE TEMP MACRO firn_data_size(text) AS CASE WHEN regexp_full_match(text, "
    "'\\s*\\d+([.]\\d+)?\\s*([kMGTPEZY]?B)\\s*') THEN CAST(trunc(CAST(regexp_extract(text, "
    "'[0-9.]+') AS DOUBLE) * 1024 ** (instr('BkMGTPEZY', regexp_extract(text, '[a-zA-Z]')) - 1)) "
    "AS DECIMAL(38,0)) WHEN text IS NOT NULL THEN error('\"' || text || '\" is not a size like "
    "2.5kB') END",
    /* a number as "1.5M" */
    "CREATE TEMP MACRO firn_short_unit(x) AS CASE WHEN abs(x) >= 1e15 THEN 5 WHEN abs(x) >= 1e12 "
    "THEN 4 WHEN abs(x) >= 1e9 THEN 3 WHEN abs(x) >= 1e6 THEN 2 WHEN abs(x) >= 1e3 THEN 1 ELSE 0 "
    "END",
    "CREATE TEMP MACRO firn_short_digits(v) AS CASE WHEN v IS NULL THEN NULL WHEN abs(v) < 10 THEN "
    "round_even(v, 2) WHEN abs(v) < 100 THEN round_even(v, 1) ELSE round_even(v, 0) END",
    "CREATE TEMP MACRO firn_short_number(x) AS "
    "regexp_replace(CAST(firn_short_digits(CAST(x AS DOUBLE) / 1000.0 ** firn_short_unit(x)) AS "
    "VARCHAR), '[.]0$', '') || substring('KMBTQ', firn_short_unit(x), "
    "least(firn_short_unit(x), 1))",
    /* all choices of n elements in their order */
    "CREATE TEMP MACRO firn_choices(a, n) AS list_reduce(range(firn_count(n, 5)), lambda c, i: "
    "flatten(list_transform(c, lambda p: list_transform(range(coalesce(p[-1], 0) + 1, len(a) + 1), "
    "lambda j: list_append(p, j)))), [CAST([] AS BIGINT[])])",
    "CREATE TEMP MACRO firn_combinations(a, n) AS CASE WHEN len(a) ** n > 1000000 THEN error('more "
    "than "
    "100000 combinations') ELSE list_transform(firn_choices(a, n), lambda p: list_transform(p, "
    "lambda j: a[j])) END",
    /* the n entries with the greatest values, in the order of their keys */
    "CREATE TEMP MACRO firn_most_frequent(entries, n) AS map_from_entries(list_sort("
    "list_transform(list_sort(list_transform(entries, lambda e: struct_pack(c := -CAST(e.value AS "
    "BIGINT), k := e.key)))[1:n], lambda e: struct_pack(k := e.k, v := -e.c))))",
    /* values and how often each counts, for quantiles; bins of a histogram */
    "CREATE TEMP MACRO firn_counted(x, n) AS CASE WHEN x IS NOT NULL AND n > 0 THEN struct_pack(x "
    ":= CAST(x AS DOUBLE), n := CAST(n AS DOUBLE)) END",
    "CREATE TEMP MACRO firn_present(list) AS list_filter(list, lambda e: e IS NOT NULL)",
    "CREATE TEMP MACRO firn_bins(json) AS json_transform(json, '[{\"x\":\"DOUBLE\",\"y\":"
    "\"DOUBLE\"}]')",
    /* a value as %b writes it */
    "CREATE TEMP MACRO firn_is_true(x) AS CASE WHEN x IS NULL THEN 'false' WHEN typeof(x) = "
    "'BOOLEAN' THEN CAST(x AS VARCHAR) ELSE 'true' END",
    /* an interval of months, days and seconds */
    "CREATE TEMP MACRO firn_units_text(n, unit) AS CASE WHEN n <> 0 THEN CAST(n AS VARCHAR) || ' ' "
    "|| unit END",
    "CREATE TEMP MACRO firn_decimal_text(us) AS CASE WHEN us <> 0 THEN "
    "regexp_replace(CAST(CAST(us AS DECIMAL(18,0)) * 0.000001 AS VARCHAR), '[.]?0+$', '') || ' "
    "seconds' END",
    "CREATE TEMP MACRO firn_mixed_text(v) AS CASE WHEN v IS NOT NULL THEN "
    "coalesce(nullif(concat_ws(' ', firn_units_text(datepart('year', v), 'years'), "
    "firn_units_text(datepart('month', v), 'months'), firn_units_text(datepart('day', v), 'days'), "
    "firn_units_text(datepart('hour', v), 'hours'), firn_units_text(datepart('minute', v), "
    "'minutes'), firn_decimal_text(datepart('microsecond', v))), ''), '0 seconds') END",
    /* a decimal rounded to n digits up or down, where a step is one in the last of them */
    "CREATE TEMP MACRO firn_ceil_to(x, n, step) AS (round(x, n) + CASE WHEN round(x, n) < x THEN "
    "step ELSE 0 END)",
    "CREATE TEMP MACRO firn_floor_to(x, n, step) AS (round(x, n) - CASE WHEN round(x, n) > x THEN "
    "step ELSE 0 END)",
    "CREATE TEMP MACRO firn_reversed_bytes(x) AS unhex(array_to_string(list_reverse("
    "regexp_extract_all(hex(x), '..')), ''))",
    /* equal whatever the order is: of entries, of members */
    "CREATE TEMP MACRO firn_maps_equal(a, b) AS CASE WHEN a IS NULL OR b IS NULL THEN NULL WHEN "
    "cardinality(a) <> cardinality(b) THEN false ELSE coalesce(list_bool_and(list_transform("
    "map_entries(a), lambda e: map_contains(b, e.key) AND b[e.key] = e.value)), true) END",
    "CREATE TEMP MACRO firn_json_equal(a, b) AS (firn_json_sorted(CAST(json(a) AS VARCHAR)) = "
    "firn_json_sorted(CAST(json(b) AS VARCHAR)))",
    /* what Trino takes for true or false */
    "CREATE TEMP MACRO firn_boolean_text(x) AS CASE WHEN x IS NULL OR lower(x) IN ('t', 'true', "
    "'f', 'false', '1', '0') THEN x ELSE x || ' (no boolean)' END",
    /* Wilson's interval of a share, z standard deviations around it */
    "CREATE TEMP MACRO firn_wilson_share(p, n, z, side) AS ((p + z * z / (2 * n) + side * z * "
    "sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n))",
    "CREATE TEMP MACRO firn_wilson(hits, n, z, side) AS firn_wilson_share(CAST(hits AS DOUBLE) / "
    "n, CAST(n AS DOUBLE), CAST(z AS DOUBLE), side)",
    /* the place of the n-th match at or behind a place; -1: there is none */
    "CREATE TEMP MACRO firn_regexp_position(text, pattern, place, n) AS CASE WHEN text IS NULL OR "
    "pattern IS NULL OR place IS NULL OR n IS NULL THEN NULL WHEN place < 1 OR n < 1 THEN "
    "error('places and matches are counted from 1') WHEN "
    "len(regexp_extract_all(substring(text, place), pattern)) < n THEN -1 ELSE place + "
    "len(array_to_string(list_slice(string_split_regex(substring(text, place), pattern), 1, n), "
    "'')) + len(array_to_string(list_slice(regexp_extract_all(substring(text, place), pattern), 1, "
    "n - 1), '')) END",
    /* seconds as "1 hour, 2 minutes" */
    "CREATE TEMP MACRO firn_count_of(n, unit) AS CASE WHEN n = 1 THEN '1 ' || unit WHEN n > 1 THEN "
    "CAST(n AS VARCHAR) || ' ' || unit || 's' END",
    "CREATE TEMP MACRO firn_seconds_text(n) AS coalesce(nullif(concat_ws(', ', firn_count_of(n // "
    "604800, 'week'), firn_count_of(n // 86400 % 7, 'day'), firn_count_of(n // 3600 % 24, 'hour'), "
    "firn_count_of(n // 60 % 60, 'minute'), firn_count_of(n % 60, 'second')), ''), '0 seconds')",
};

#define N_MACROS (sizeof k_macros / sizeof *k_macros)
_Static_assert(N_MACROS <= FIRN_ENGINE_MAX_MACROS, "engine_api.h has room for all macros");

static const firn_str k_head = FIRN_STR_INIT("CREATE TEMP MACRO ");
static const firn_str k_prefix = FIRN_STR_INIT("firn_");

/* The name that begins at `at`. */
static firn_str name_at(firn_str sql, size_t at)
{
    size_t end = at;
    while (end < sql.len &&
           ((sql.data[end] >= 'a' && sql.data[end] <= 'z') ||
            (sql.data[end] >= '0' && sql.data[end] <= '9') || sql.data[end] == '_'))
        end++;
    return firn_str_slice(sql, at, end);
}

/* N_MACROS: not one of ours. */
static size_t find_macro(firn_str name)
{
    size_t i = 0;
    while (i < N_MACROS && !firn_str_equals(name, name_at(firn_str_of(k_macros[i]), k_head.len)))
        i++;
    return i;
}

/* The next macro in the text from *at on that is not there yet; N_MACROS: none. */
static size_t next_missing(const firn_engine *engine, firn_str sql, size_t *at)
{
    for (;;) {
        *at = firn_str_find(sql, k_prefix, *at);
        if (*at == SIZE_MAX) return N_MACROS;
        const firn_str name = name_at(sql, *at);
        const size_t i = find_macro(name);
        *at += name.len;
        if (i < N_MACROS && !engine->has_macro[i]) return i;
    }
}

/* Those in its body are made by the statement that makes it. */
static firn_status make(firn_engine *engine, size_t i, firn_error *err)
{
    firn_engine_rows *rows = NULL;
    engine->has_macro[i] = true;
    const firn_status st = firn_engine_execute(engine, firn_str_of(k_macros[i]), &rows, err);
    firn_engine_rows_close(rows);
    if (st != FIRN_OK) engine->has_macro[i] = false;
    return st;
}

firn_status firn_engine_make_macros(firn_engine *engine, firn_str sql, firn_error *err)
{
    size_t at = 0;
    for (size_t i = next_missing(engine, sql, &at); i < N_MACROS;
         i = next_missing(engine, sql, &at))
        FIRN_TRY(make(engine, i, err));
    return FIRN_OK;
}

firn_status firn_engine_make_all_macros(firn_engine *engine, firn_error *err)
{
    for (size_t i = 0; i < N_MACROS; i++)
        if (!engine->has_macro[i]) FIRN_TRY(make(engine, i, err));
    return FIRN_OK;
}

bool firn_engine_lacks_macros(const firn_engine *engine, firn_str sql)
{
    size_t at = 0;
    return next_missing(engine, sql, &at) < N_MACROS;
}
