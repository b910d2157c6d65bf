/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of ours that SQL can say, as temporary macros of the engine. Their arguments are
 * written as often as they are named. */
#include "base/error.h"
#include "base/str.h"
#include "sql/engine_api.h"

static const char *const k_macros[] = {
    /* the text of a real or double as the engine writes it, in the spelling of Java and Trino:
     * 1.0E20, 1.0E-4, NaN */
    "CREATE TEMP MACRO firn_float_digits(sign, whole, fraction) AS sign || whole[1] || '.' || "
    "coalesce(nullif(rtrim(whole[2:] || fraction, '0'), ''), '0') || 'E' || (len(whole) - 1)",
    "CREATE TEMP MACRO firn_float_small(sign, fraction) AS sign || ltrim(fraction, '0')[1] || '.' "
    "|| coalesce(nullif(ltrim(fraction, '0')[2:], ''), '0') || 'E-' || (len(fraction) - "
    "len(ltrim(fraction, '0')) + 1)",
    "CREATE TEMP MACRO firn_float_text(text) AS CASE WHEN text = 'nan' THEN 'NaN' "
    "WHEN text LIKE '%inf' THEN replace(text, 'inf', 'Infinity') "
    "WHEN text LIKE '%e%' THEN regexp_replace(regexp_replace(regexp_replace(text, "
    "'^(-?[0-9])e', '\\1.0e'), 'e[+]?0*', 'E'), 'E-0*', 'E-') "
    "WHEN abs(CAST(text AS DOUBLE)) >= 1e7 THEN firn_float_digits(regexp_extract(text, '^-?'), "
    "split_part(ltrim(text, '-'), '.', 1), split_part(text, '.', 2)) "
    "WHEN abs(CAST(text AS DOUBLE)) < 1e-3 AND CAST(text AS DOUBLE) <> 0 THEN "
    "firn_float_small(regexp_extract(text, '^-?'), split_part(text, '.', 2)) ELSE text END",
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
    NULL,
};

firn_status firn_engine_create_macros(firn_engine *engine, firn_error *err)
{
    for (const char *const *macro = k_macros; *macro; macro++) {
        firn_engine_rows *rows = NULL;
        FIRN_TRY(firn_engine_execute(engine, firn_str_of(*macro), &rows, err));
        firn_engine_rows_close(rows);
    }
    return FIRN_OK;
}
