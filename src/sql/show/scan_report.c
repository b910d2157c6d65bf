/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/show/scan_report.h"

#include <inttypes.h>

#include "base/str.h"
#include "format/json/json.h"

static void put_bytes(firn_buf *out, int64_t bytes)
{
    static const char *const k_units[] = {"B", "KB", "MB", "GB", "TB"};
    double value = (double)bytes;
    size_t unit = 0;
    for (; value >= 1024 && unit < 4; unit++) value /= 1024;
    firn_buf_printf(out, unit > 0 ? "%.1f %s" : "%.0f %s", value, k_units[unit]);
}

/* What of all is gone at each step: manifests by their summaries, files by their partitions, then
 * by their metrics. */
static void put_files(const firn_scan_report *r, firn_buf *out)
{
    const firn_scan_stats *s = &r->stats;
    firn_buf_printf(out, "  manifests: %" PRId64 " read, %" PRId64 " skipped\n", s->manifests_read,
                    s->manifests_total - s->manifests_read);
    firn_buf_printf(out,
                    "  data files: %" PRId64 " of %" PRId64 " (skipped by manifests %" PRId64
                    ", by partition %" PRId64 ", by metrics %" PRId64 ")\n",
                    s->files_matched, s->files_total, s->files_total - s->files_seen,
                    s->files_seen - s->files_in_partition,
                    s->files_in_partition - s->files_matched);
    if (r->files_by_metadata > 0)
        firn_buf_printf(out, "  answered by metadata: %" PRId64 " data files, not read\n",
                        r->files_by_metadata);
    if (s->delete_manifests_total > 0)
        firn_buf_printf(out,
                        "  delete manifests: %" PRId64 " read, %" PRId64
                        " skipped; delete files: %" PRId64 " of positions, %" PRId64 " of values\n",
                        s->delete_manifests_read,
                        s->delete_manifests_total - s->delete_manifests_read,
                        s->position_delete_files, s->equality_delete_files);
}

static void put_work(const firn_scan_report *r, firn_buf *out)
{
    const firn_scan_work *w = &r->work;
    firn_buf_printf(out,
                    "  row groups: %" PRId64 " read, %" PRId64 " skipped; pages: %" PRId64
                    " read, %" PRId64 " skipped\n",
                    w->row_groups, w->row_groups_skipped, w->pages, w->pages_skipped);
    firn_buf_cstr(out, "  bytes: ");
    put_bytes(out, w->bytes_read);
    firn_buf_cstr(out, " read of ");
    put_bytes(out, r->stats.bytes_matched);
    firn_buf_cstr(out, " in these files, ");
    put_bytes(out, r->stats.bytes_total);
    firn_buf_cstr(out, " in the manifests read\n");
    firn_buf_printf(out, "  rows: %" PRId64 " of %" PRId64 "\n  time: %.3f ms in all threads\n",
                    r->rows_read, r->stats.rows_total, (double)r->time_us / 1000);
}

void firn_scan_report_text(const firn_scan_report *r, firn_buf *out)
{
    firn_buf_printf(out, "%s of %.*s\n", r->is_changelog ? "changes" : "scan",
                    FIRN_STR_ARG(r->name));
    if (r->is_changelog) firn_buf_printf(out, "  snapshots: %" PRId64 "\n", r->n_snapshots);
    if (r->snapshot_id < 0) {
        firn_buf_cstr(out, "  snapshot: none\n");
        return;
    }
    firn_buf_printf(out, "  snapshot: %" PRId64 "\n", r->snapshot_id);
    if (r->filter.len > 0) firn_buf_printf(out, "  filter: %.*s\n", FIRN_STR_ARG(r->filter));
    if (r->join_keys.len > 0)
        firn_buf_printf(out, "  join keys: %.*s\n", FIRN_STR_ARG(r->join_keys));
    put_files(r, out);
    if (r->has_run) put_work(r, out);
}

/* ---- JSON ---- */

static void put_number(firn_buf *out, const char *key, int64_t value)
{
    firn_buf_printf(out, ",\"%s\":%" PRId64, key, value);
}

static void put_stats(const firn_scan_stats *s, firn_buf *out)
{
    put_number(out, "manifests_read", s->manifests_read);
    put_number(out, "manifests_skipped", s->manifests_total - s->manifests_read);
    put_number(out, "data_files_total", s->files_total);
    put_number(out, "data_files_skipped_by_manifests", s->files_total - s->files_seen);
    put_number(out, "data_files_skipped_by_partition", s->files_seen - s->files_in_partition);
    put_number(out, "data_files_skipped_by_metrics", s->files_in_partition - s->files_matched);
    put_number(out, "data_files", s->files_matched);
    put_number(out, "delete_manifests_read", s->delete_manifests_read);
    put_number(out, "delete_manifests_skipped",
               s->delete_manifests_total - s->delete_manifests_read);
    put_number(out, "position_delete_files", s->position_delete_files);
    put_number(out, "equality_delete_files", s->equality_delete_files);
    put_number(out, "bytes_total", s->bytes_total);
    put_number(out, "bytes_of_data_files", s->bytes_matched);
    put_number(out, "rows_total", s->rows_total);
}

void firn_scan_report_json(const firn_scan_report *r, firn_buf *out)
{
    firn_buf_cstr(out, "{\"table\":");
    firn_json_quote(out, r->name);
    put_number(out, "snapshot_id", r->snapshot_id);
    if (r->is_changelog) put_number(out, "changelog_snapshots", r->n_snapshots);
    firn_buf_cstr(out, ",\"filter\":");
    firn_json_quote(out, r->filter.data ? r->filter : FIRN_STR(""));
    firn_buf_cstr(out, ",\"join_keys\":");
    firn_json_quote(out, r->join_keys.data ? r->join_keys : FIRN_STR(""));
    put_stats(&r->stats, out);
    put_number(out, "data_files_answered_by_metadata", r->files_by_metadata);
    if (r->has_run) {
        put_number(out, "row_groups_read", r->work.row_groups);
        put_number(out, "row_groups_skipped", r->work.row_groups_skipped);
        put_number(out, "pages_read", r->work.pages);
        put_number(out, "pages_skipped", r->work.pages_skipped);
        put_number(out, "bytes_read", r->work.bytes_read);
        put_number(out, "rows_read", r->rows_read);
        put_number(out, "time_us", r->time_us);
    }
    firn_buf_byte(out, '}');
}
