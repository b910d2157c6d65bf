/* SPDX-License-Identifier: Apache-2.0 */
/* Landing files: which there are, which were loaded (the ledger), and their rows as data files.
 *
 * A LANDING model has three tables: <model> (the rows), <model>_quarantine (lines that could not
 * be decoded) and <model>_files (the ledger: one row a loaded file). One commit covers all three,
 * and it is refused when the ledger changed meanwhile: that is what makes every file loaded exactly
 * once. Files are known by their path below the landing folder. */
#ifndef FIRN_PIPELINE_LANDING_H
#define FIRN_PIPELINE_LANDING_H

#include <stdatomic.h>

#include "base/map.h"
#include "iceberg/spec/manifest.h"
#include "pipeline/run.h"

/* One file of the landing folder, and after loading what was in it. */
typedef struct firn_landing_file {
    firn_str path; /* to open */
    firn_str name; /* below the landing folder: its identity */
    int64_t size_bytes;
    int64_t modified_us;
    char hash[33]; /* XXH3-128 of the bytes, hexadecimal */
    int64_t n_rows, n_bad_lines;
    firn_status status; /* FIRN_ERR_*: unreadable; message in problem */
    firn_str problem;
} firn_landing_file;

/* A row of the ledger. */
typedef struct firn_ledger_entry {
    int64_t size_bytes;
    int64_t modified_us;
    firn_str hash;
    int64_t n_rows, n_bad_lines;
    int64_t loaded_us;
} firn_ledger_entry;

typedef struct firn_ledger {
    firn_map entries;    /* name -> firn_ledger_entry */
    int64_t snapshot_id; /* of the ledger table when it was read; -1: none */
    firn_str *data_files;
    size_t n_data_files;
} firn_ledger;

/* All *.ndjson, *.jsonl, *.json files (*.csv files of a model that lands csv), plain or .gz, below
 * the folder, by name; hidden files and names starting with _ are left out. */
FIRN_MUST_CHECK firn_status firn_landing_list(firn_run *run, firn_landing_file **out, size_t *n_out,
                                              firn_error *err);
/* table NULL: an empty ledger. */
FIRN_MUST_CHECK firn_status firn_ledger_read(firn_run *run, const firn_table *table,
                                             firn_ledger *out, firn_error *err);
/* Keep in files the ones that the ledger does not have; warn of files that changed after they were
 * loaded. *n is updated. */
FIRN_MUST_CHECK firn_status firn_ledger_subtract(firn_run *run, const firn_ledger *ledger,
                                                 firn_landing_file *files, size_t *n,
                                                 firn_error *err);
/* What loading wrote; nothing is committed. */
typedef struct firn_landing_output {
    firn_data_file *rows, *quarantine;
    size_t n_rows, n_quarantine; /* data files */
} firn_landing_output;

/* Decode files on all threads into data files of the two tables. Files that cannot be read get
 * their status set, and then *is_clean is false and nothing was kept: load again without them. */
FIRN_MUST_CHECK firn_status firn_landing_load(firn_run *run, firn_table *rows,
                                              firn_table *quarantine, firn_landing_file *files,
                                              size_t n, firn_arena *arena, firn_landing_output *out,
                                              bool *is_clean, firn_error *err);

#endif
