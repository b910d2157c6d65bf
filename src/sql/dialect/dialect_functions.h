/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that need more than a template, for the tables of both dialects. */
#ifndef FIRN_SQL_DIALECT_FUNCTIONS_H
#define FIRN_SQL_DIALECT_FUNCTIONS_H

#include "sql/dialect/dialect_writer.h"

#define FIRN_ANY_ARGS SIZE_MAX

/* map(k, v, k, v) */
FIRN_MUST_CHECK firn_status firn_dialect_map(firn_dialect_writer *w, const firn_dialect_call *call,
                                             firn_error *err);
/* named_struct('a', 1, 'b', 2) */
FIRN_MUST_CHECK firn_status firn_dialect_named_struct(firn_dialect_writer *w,
                                                      const firn_dialect_call *call,
                                                      firn_error *err);
/* struct(a, b): columns keep their names, others are col1, col2 .. */
FIRN_MUST_CHECK firn_status firn_dialect_struct(firn_dialect_writer *w,
                                                const firn_dialect_call *call, firn_error *err);
/* concat(a, b): null when one is */
FIRN_MUST_CHECK firn_status firn_dialect_concat(firn_dialect_writer *w,
                                                const firn_dialect_call *call, firn_error *err);
/* sum(x), avg(x) with the types of Spark, DISTINCT, FILTER and OVER included */
FIRN_MUST_CHECK firn_status firn_dialect_sum(firn_dialect_writer *w, const firn_dialect_call *call,
                                             firn_error *err);
FIRN_MUST_CHECK firn_status firn_dialect_average(firn_dialect_writer *w,
                                                 const firn_dialect_call *call, firn_error *err);
/* count(x), in PIVOT, too */
FIRN_MUST_CHECK firn_status firn_dialect_count_one(firn_dialect_writer *w,
                                                   const firn_dialect_call *call, firn_error *err);
/* count(DISTINCT a, b): rows without a null */
FIRN_MUST_CHECK firn_status firn_dialect_count(firn_dialect_writer *w,
                                               const firn_dialect_call *call, firn_error *err);
/* decode(x, a, b, .. , otherwise) */
FIRN_MUST_CHECK firn_status firn_dialect_decode(firn_dialect_writer *w,
                                                const firn_dialect_call *call, firn_error *err);
/* date_format(t, 'yyyy-MM-dd'), to_timestamp(s, 'yyyy'), to_date(s, 'yyyy') with the letters of
 * Java; date_format(t, '%Y %i'), date_parse(s, '%Y') with those of MySQL. */
FIRN_MUST_CHECK firn_status firn_dialect_format_java(firn_dialect_writer *w,
                                                     const firn_dialect_call *call,
                                                     firn_error *err);
FIRN_MUST_CHECK firn_status firn_dialect_parse_java(firn_dialect_writer *w,
                                                    const firn_dialect_call *call, firn_error *err);
FIRN_MUST_CHECK firn_status firn_dialect_parse_java_date(firn_dialect_writer *w,
                                                         const firn_dialect_call *call,
                                                         firn_error *err);
FIRN_MUST_CHECK firn_status firn_dialect_parse_java_ntz(firn_dialect_writer *w,
                                                        const firn_dialect_call *call,
                                                        firn_error *err);
FIRN_MUST_CHECK firn_status firn_dialect_try_parse(firn_dialect_writer *w,
                                                   const firn_dialect_call *call, firn_error *err);
FIRN_MUST_CHECK firn_status firn_dialect_try_parse_date(firn_dialect_writer *w,
                                                        const firn_dialect_call *call,
                                                        firn_error *err);
FIRN_MUST_CHECK firn_status firn_dialect_from_unixtime(firn_dialect_writer *w,
                                                       const firn_dialect_call *call,
                                                       firn_error *err);
FIRN_MUST_CHECK firn_status firn_dialect_format_mysql(firn_dialect_writer *w,
                                                      const firn_dialect_call *call,
                                                      firn_error *err);
FIRN_MUST_CHECK firn_status firn_dialect_parse_mysql(firn_dialect_writer *w,
                                                     const firn_dialect_call *call,
                                                     firn_error *err);
/* A pattern of java.time that is read, in the words of the engine's strptime(); the token is what
 * errors point at. */
FIRN_MUST_CHECK firn_status firn_dialect_parse_pattern(const firn_dialect_writer *w, size_t token,
                                                       firn_str format, firn_str *out,
                                                       firn_error *err);
/* ---- dialect_spark_json.c: from_json(text, 'a INT, b STRING', map('mode', 'FAILFAST')),
 * from_csv(..), to_json(x), to_csv(x) ---- */
FIRN_MUST_CHECK firn_status firn_dialect_from_json(firn_dialect_writer *w,
                                                   const firn_dialect_call *call, firn_error *err);
FIRN_MUST_CHECK firn_status firn_dialect_from_csv(firn_dialect_writer *w,
                                                  const firn_dialect_call *call, firn_error *err);
FIRN_MUST_CHECK firn_status firn_dialect_to_json(firn_dialect_writer *w,
                                                 const firn_dialect_call *call, firn_error *err);
/* dialect_variant.c: variant_get(v, '$.a[0]', 'int'); with try_, null for what cannot be cast */
FIRN_MUST_CHECK firn_status firn_dialect_variant_get(firn_dialect_writer *w,
                                                     const firn_dialect_call *call,
                                                     firn_error *err);
FIRN_MUST_CHECK firn_status firn_dialect_try_variant_get(firn_dialect_writer *w,
                                                         const firn_dialect_call *call,
                                                         firn_error *err);
/* transform(a, (x, i) -> ..), filter(a, (x, i) -> ..): i counts from 0 */
FIRN_MUST_CHECK firn_status firn_dialect_list_lambda(firn_dialect_writer *w,
                                                     const firn_dialect_call *call,
                                                     firn_error *err);
/* unix_timestamp(s, 'yyyy') */
FIRN_MUST_CHECK firn_status firn_dialect_unix_java(firn_dialect_writer *w,
                                                   const firn_dialect_call *call, firn_error *err);
/* timestampdiff(HOUR, a, b): whole units; timestampadd(HOUR, n, t) */
FIRN_MUST_CHECK firn_status firn_dialect_between(firn_dialect_writer *w,
                                                 const firn_dialect_call *call, firn_error *err);
FIRN_MUST_CHECK firn_status firn_dialect_add_units(firn_dialect_writer *w,
                                                   const firn_dialect_call *call, firn_error *err);
/* extract(DOW FROM t) */
FIRN_MUST_CHECK firn_status firn_dialect_extract_spark(firn_dialect_writer *w,
                                                       const firn_dialect_call *call,
                                                       firn_error *err);
/* date_part('dow', t) */
FIRN_MUST_CHECK firn_status firn_dialect_part_spark(firn_dialect_writer *w,
                                                    const firn_dialect_call *call, firn_error *err);
FIRN_MUST_CHECK firn_status firn_dialect_extract_trino(firn_dialect_writer *w,
                                                       const firn_dialect_call *call,
                                                       firn_error *err);
/* dialect_printf.c: format('%s-%05d', x, n) with the conversions of Java */
FIRN_MUST_CHECK firn_status firn_dialect_printf(firn_dialect_writer *w,
                                                const firn_dialect_call *call, firn_error *err);
/* date_add('month', n, t) */
FIRN_MUST_CHECK firn_status firn_dialect_date_add(firn_dialect_writer *w,
                                                  const firn_dialect_call *call, firn_error *err);
/* transform_values(m, (k, v) -> x), and the like */
FIRN_MUST_CHECK firn_status firn_dialect_transform_values(firn_dialect_writer *w,
                                                          const firn_dialect_call *call,
                                                          firn_error *err);
FIRN_MUST_CHECK firn_status firn_dialect_transform_keys(firn_dialect_writer *w,
                                                        const firn_dialect_call *call,
                                                        firn_error *err);
FIRN_MUST_CHECK firn_status firn_dialect_map_filter(firn_dialect_writer *w,
                                                    const firn_dialect_call *call, firn_error *err);
/* ---- dialect_calls.c ---- */
/* concat(a, b) of Spark: of values as its texts, lists or bytes */
FIRN_MUST_CHECK firn_status firn_dialect_concat_texts(firn_dialect_writer *w,
                                                      const firn_dialect_call *call,
                                                      firn_error *err);
/* elt(n, a, b) */
FIRN_MUST_CHECK firn_status firn_dialect_elt(firn_dialect_writer *w, const firn_dialect_call *call,
                                             firn_error *err);
/* sequence(a, b, step) */
FIRN_MUST_CHECK firn_status firn_dialect_sequence(firn_dialect_writer *w,
                                                  const firn_dialect_call *call, firn_error *err);
/* zip_with(a, b, (x, y) -> ..) */
FIRN_MUST_CHECK firn_status firn_dialect_zip_with(firn_dialect_writer *w,
                                                  const firn_dialect_call *call, firn_error *err);
/* stack(2, a, b, c, d) */
FIRN_MUST_CHECK firn_status firn_dialect_stack(firn_dialect_writer *w,
                                               const firn_dialect_call *call, firn_error *err);
/* first(x), last(x), with IGNORE NULLS and OVER */
FIRN_MUST_CHECK firn_status firn_dialect_first(firn_dialect_writer *w,
                                               const firn_dialect_call *call, firn_error *err);
/* get_json_object(text, '$.a'), json_extract_scalar(text, '$.a') */
FIRN_MUST_CHECK firn_status firn_dialect_json_text(firn_dialect_writer *w,
                                                   const firn_dialect_call *call, firn_error *err);

/* ---- dialect_json.c: json_value(text, 'lax $.a' RETURNING bigint), json_query(..),
 * json_exists(..) */
FIRN_MUST_CHECK firn_status firn_dialect_sql_json(firn_dialect_writer *w,
                                                  const firn_dialect_call *call, firn_error *err);
/* JSON_TABLE(text, 'lax $[*]' COLUMNS (..)), which begins at i */
FIRN_MUST_CHECK firn_status firn_dialect_json_table(firn_dialect_writer *w, size_t i, size_t *next,
                                                    firn_error *err);
/* arrays_zip(a, b): fields have the names of columns, or numbers */
FIRN_MUST_CHECK firn_status firn_dialect_arrays_zip(firn_dialect_writer *w,
                                                    const firn_dialect_call *call, firn_error *err);

/* listagg(x, ',') WITHIN GROUP (ORDER BY x) */
FIRN_MUST_CHECK firn_status firn_dialect_listagg(firn_dialect_writer *w,
                                                 const firn_dialect_call *call, firn_error *err);
/* array_sort(a, (x, y) -> ..) */
FIRN_MUST_CHECK firn_status firn_dialect_sort_by(firn_dialect_writer *w,
                                                 const firn_dialect_call *call, firn_error *err);
/* map_zip_with(m, n, (k, v, w) -> ..) */
FIRN_MUST_CHECK firn_status firn_dialect_map_zip(firn_dialect_writer *w,
                                                 const firn_dialect_call *call, firn_error *err);
/* ---- dialect_builders.c ---- */
FIRN_MUST_CHECK firn_status firn_dialect_to_char(firn_dialect_writer *w,
                                                 const firn_dialect_call *call, firn_error *err);
FIRN_MUST_CHECK firn_status firn_dialect_to_number(firn_dialect_writer *w,
                                                   const firn_dialect_call *call, firn_error *err);
FIRN_MUST_CHECK firn_status firn_dialect_json_build(firn_dialect_writer *w,
                                                    const firn_dialect_call *call, firn_error *err);
FIRN_MUST_CHECK firn_status firn_dialect_json_tuple(firn_dialect_writer *w,
                                                    const firn_dialect_call *call, firn_error *err);
FIRN_MUST_CHECK firn_status firn_dialect_window(firn_dialect_writer *w,
                                                const firn_dialect_call *call, firn_error *err);
/* hash(a, b), xxhash64(a, b) of Spark */
FIRN_MUST_CHECK firn_status firn_dialect_hash(firn_dialect_writer *w, const firn_dialect_call *call,
                                              firn_error *err);
/* ---- dialect_regexp.c: regexp_replace(s, pattern, '$1'), in Spark with the place to begin at, in
 * Trino with a function of the groups ---- */
FIRN_MUST_CHECK firn_status firn_dialect_regexp_replace(firn_dialect_writer *w,
                                                        const firn_dialect_call *call,
                                                        firn_error *err);

#endif
