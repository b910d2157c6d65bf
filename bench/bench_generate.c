/* SPDX-License-Identifier: Apache-2.0 */
/* How fast order events get to a folder: events/s and MB/s, fsync included.
 *
 *   bench_generate FOLDER [events]     the folder must hold no orders files yet */
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "pipeline/generate.h"
#include "store/local.h"

static void check(firn_status st, const firn_error *err)
{
    if (st == FIRN_OK) return;
    fprintf(stderr, "bench_generate: %s\n", err->message);
    exit(1);
}

int main(int argc, char **argv)
{
    firn_generate_opts opts;
    firn_generate_truth truth;
    firn_env *env = NULL;
    firn_store *store = NULL;
    firn_error err = {0};

    if (argc < 2) {
        fprintf(stderr, "usage: bench_generate FOLDER [events]\n");
        return 2;
    }
    check(firn_env_create(NULL, &env, &err), &err);
    check(firn_store_create(&store, &err), &err);
    check(firn_store_add_local(store, env, &err), &err);
    firn_generate_opts_init(&opts);
    opts.folder = firn_str_of(argv[1]);
    opts.n_lines = 3000000;
    opts.rate = 10000;
    if (argc > 2 && !firn_str_to_i64(firn_str_of(argv[2]), &opts.n_lines)) return 2;
    const int64_t start = firn_clock_monotonic_us(env->clock);
    check(firn_generate_orders(env, store, &opts, &truth, &err), &err);
    const double us = (double)(firn_clock_monotonic_us(env->clock) - start);
    printf("%lld events in %lld files, %.2f M events/s, %.0f MB/s\n", (long long)truth.lines,
           (long long)truth.files, (double)truth.lines / us, (double)truth.bytes / us);
    firn_store_destroy(store);
    firn_env_destroy(env);
    return 0;
}
