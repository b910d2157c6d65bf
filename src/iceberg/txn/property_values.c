/* SPDX-License-Identifier: Apache-2.0 */
/* Properties with numbers, flags and words of a list for values (Iceberg's documentation,
 * "Configuration"). */
#include "iceberg/txn/property_values.h"

#include "base/error.h"
#include "base/str.h"

#define FLAG  "true or false"
#define MODE  "copy-on-write or merge-on-read"
#define LEVEL "serializable or snapshot"
#define ORDER "none, hash or range"

/* least: of a number; words: of others, as the error has them. */
static const struct {
    const char *key;
    int64_t least;
    const char *words;
} k_properties[] = {
    {"commit.manifest-merge.enabled", 0, FLAG},
    {"commit.manifest.min-count-to-merge", 0, NULL},
    {"commit.manifest.target-size-bytes", 1, NULL},
    {"commit.retry.max-wait-ms", 0, NULL},
    {"commit.retry.min-wait-ms", 0, NULL},
    {"commit.retry.num-retries", 0, NULL},
    {"commit.retry.total-timeout-ms", 0, NULL},
    {"gc.enabled", 0, FLAG},
    {"history.expire.max-ref-age-ms", 1, NULL},
    {"history.expire.max-snapshot-age-ms", 0, NULL},
    {"history.expire.min-snapshots-to-keep", 1, NULL},
    {"read.split.open-file-cost", 0, NULL},
    {"read.split.planning-lookback", 1, NULL},
    {"read.split.target-size", 1, NULL},
    {"write.delete.distribution-mode", 0, ORDER},
    {"write.delete.isolation-level", 0, LEVEL},
    {"write.delete.mode", 0, MODE},
    {"write.delete.target-file-size-bytes", 1, NULL},
    {"write.distribution-mode", 0, ORDER},
    {"write.merge.distribution-mode", 0, ORDER},
    {"write.merge.isolation-level", 0, LEVEL},
    {"write.merge.mode", 0, MODE},
    {"write.metadata.delete-after-commit.enabled", 0, FLAG},
    {"write.metadata.metrics.max-inferred-column-defaults", 0, NULL},
    {"write.metadata.previous-versions-max", 0, NULL},
    {"write.object-storage.enabled", 0, FLAG},
    {"write.parquet.bloom-filter-max-bytes", 1, NULL},
    {"write.parquet.dict-size-bytes", 1, NULL},
    {"write.parquet.page-row-limit", 1, NULL},
    {"write.parquet.page-size-bytes", 1, NULL},
    {"write.parquet.row-group-size-bytes", 1, NULL},
    {"write.target-file-size-bytes", 1, NULL},
    {"write.update.distribution-mode", 0, ORDER},
    {"write.update.isolation-level", 0, LEVEL},
    {"write.update.mode", 0, MODE},
    {"write.wap.enabled", 0, FLAG},
};

/* Is text a word of "a, b or c"? */
static bool is_one_of(firn_str text, firn_str words)
{
    while (words.len > 0) {
        size_t n = 0;
        while (n < words.len && words.data[n] != ' ' && words.data[n] != ',') n++;
        const firn_str word = firn_str_slice(words, 0, n);
        const bool is_or = firn_str_equals(word, FIRN_STR("or"));
        if (n > 0 && !is_or && firn_str_equals_nocase(word, text)) return true;
        words = firn_str_slice(words, n < words.len ? n + 1 : n, words.len);
    }
    return false;
}

static firn_status check_number(const firn_property *item, int64_t least, firn_error *err)
{
    int64_t value = 0;
    if (firn_str_to_i64(firn_str_trim(item->value), &value) && value >= least) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG,
                     "property \"%.*s\" must be a whole number of at least %d, found \"%.*s\"",
                     FIRN_STR_ARG(item->key), (int)least, FIRN_STR_ARG(item->value));
}

firn_status firn_property_check(const firn_property *item, firn_error *err)
{
    for (size_t i = 0; i < sizeof k_properties / sizeof *k_properties; i++) {
        if (!firn_str_equals(item->key, firn_str_of(k_properties[i].key))) continue;
        const char *words = k_properties[i].words;
        if (!words) return check_number(item, k_properties[i].least, err);
        if (is_one_of(firn_str_trim(item->value), firn_str_of(words))) return FIRN_OK;
        return firn_fail(err, FIRN_ERR_ARG, "property \"%.*s\" must be %s, found \"%.*s\"",
                         FIRN_STR_ARG(item->key), words, FIRN_STR_ARG(item->value));
    }
    return FIRN_OK;
}
