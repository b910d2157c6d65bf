/* SPDX-License-Identifier: Apache-2.0 */
/* Parses a failpoint specification and acts on hits. Counters are atomic; the rest is read-only
 * after creation. */
#include "base/failpoint.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"

typedef enum action {
    ACTION_KILL,
    ACTION_ERROR,
    ACTION_NOSPACE,
    ACTION_SLEEP,
} action;

typedef struct point {
    const char *name; /* static: from the table of names */
    action action;
    int64_t sleep_us;
    int64_t at_hit; /* 0: at every hit */
    atomic_llong n_hits;
} point;

struct firn_failpoints {
    size_t n_points;
    point *points;
};

const char *const *firn_failpoint_names(void)
{
    static const char *const names[] = {
#include "base/failpoint_names.h"
        NULL,
    };
    return names;
}

static const char *find_name(firn_str name)
{
    for (const char *const *at = firn_failpoint_names(); *at; at++) {
        if (firn_str_equals(firn_str_of(*at), name)) return *at;
    }
    return NULL;
}

static firn_status parse_action(firn_str text, point *out, firn_error *err)
{
    firn_str rest = text;
    firn_str verb = firn_str_split(&rest, ':');

    if (firn_str_equals(text, FIRN_STR("kill"))) {
        out->action = ACTION_KILL;
    } else if (firn_str_equals(text, FIRN_STR("error"))) {
        out->action = ACTION_ERROR;
    } else if (firn_str_equals(text, FIRN_STR("nospace"))) {
        out->action = ACTION_NOSPACE;
    } else if (firn_str_equals(verb, FIRN_STR("sleep")) && firn_str_to_i64(rest, &out->sleep_us) &&
               out->sleep_us >= 0 && out->sleep_us <= INT64_C(3600000)) {
        out->action = ACTION_SLEEP;
        out->sleep_us *= 1000;
    } else {
        return firn_fail(err, FIRN_ERR_ARG,
                         "failpoint action \"%.*s\", expected kill, error, nospace or sleep:MS",
                         FIRN_STR_ARG(text));
    }
    return FIRN_OK;
}

static firn_status parse_point(firn_str text, point *out, firn_error *err)
{
    firn_str rest = text;
    firn_str name = firn_str_trim(firn_str_split(&rest, '='));
    firn_str verb;

    if (!rest.data)
        return firn_fail(err, FIRN_ERR_ARG, "failpoint \"%.*s\", expected name=action",
                         FIRN_STR_ARG(text));
    out->name = find_name(name);
    if (!out->name)
        return firn_fail(err, FIRN_ERR_ARG, "unknown failpoint \"%.*s\"", FIRN_STR_ARG(name));
    verb = firn_str_trim(firn_str_split(&rest, '@'));
    if (rest.data && (!firn_str_to_i64(firn_str_trim(rest), &out->at_hit) || out->at_hit < 1))
        return firn_fail(err, FIRN_ERR_ARG, "failpoint hit \"%.*s\", expected a number from 1",
                         FIRN_STR_ARG(rest));
    return parse_action(verb, out, err);
}

static firn_status parse_all(firn_str spec, firn_failpoints *fps, firn_error *err)
{
    while (spec.data) {
        firn_str part = firn_str_trim(firn_str_split(&spec, ';'));
        if (part.len == 0) continue;
        FIRN_TRY(parse_point(part, &fps->points[fps->n_points], err));
        fps->n_points++;
    }
    return FIRN_OK;
}

firn_status firn_failpoints_create(firn_str spec, firn_failpoints **out, firn_error *err)
{
    size_t max_points = 1;
    firn_failpoints *fps;
    firn_status st;

    *out = NULL;
    spec = firn_str_trim(spec);
    if (spec.len == 0) return FIRN_OK;
    for (size_t i = 0; i < spec.len; i++) max_points += spec.data[i] == ';';
    fps = firn_mem_alloc_zero(NULL, sizeof *fps);
    if (!fps) return firn_fail_nomem(err);
    fps->points = firn_mem_alloc_zero(NULL, max_points * sizeof *fps->points);
    st = fps->points ? parse_all(spec, fps, err) : firn_fail_nomem(err);
    if (st != FIRN_OK || fps->n_points == 0) {
        firn_failpoints_destroy(fps);
        return st;
    }
    *out = fps;
    return FIRN_OK;
}

void firn_failpoints_destroy(firn_failpoints *fps)
{
    if (!fps) return;
    firn_mem_free(NULL, fps->points);
    firn_mem_free(NULL, fps);
}

static firn_status act(const point *p, firn_error *err)
{
    switch (p->action) {
    case ACTION_KILL: (void)raise(SIGKILL); return FIRN_OK;
    case ACTION_ERROR: return firn_fail(err, FIRN_ERR_IO, "failpoint %s", p->name);
    case ACTION_NOSPACE: return firn_fail_errno(err, ENOSPC, "failpoint %s", p->name);
    case ACTION_SLEEP: {
        const firn_clock *clock = firn_clock_system();
        clock->sleep_us(clock->ctx, p->sleep_us);
        return FIRN_OK;
    }
    }
    return FIRN_OK;
}

firn_status firn_failpoint_hit(firn_failpoints *fps, const char *name, firn_error *err)
{
    bool is_listed;

    if (!fps) return FIRN_OK;
    is_listed = find_name(firn_str_of(name)) != NULL;
    assert(is_listed);
    if (!is_listed)
        return firn_fail(err, FIRN_ERR_INTERNAL, "failpoint %s is not in failpoint_names.h", name);
    for (size_t i = 0; i < fps->n_points; i++) {
        point *p = &fps->points[i];
        int64_t hit;
        if (strcmp(p->name, name) != 0) continue;
        hit = (int64_t)atomic_fetch_add(&p->n_hits, 1) + 1;
        if (p->at_hit == 0 || p->at_hit == hit) FIRN_TRY(act(p, err));
    }
    return FIRN_OK;
}
