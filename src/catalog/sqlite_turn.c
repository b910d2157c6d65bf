/* SPDX-License-Identifier: Apache-2.0 */
/* Turns of writers: one at a time commits to a table, whichever process it is in, and may commit
 * for those that wait (turn_board.h, the file "<catalog>-turns"). A turn's number comes from the
 * table's name. Advisory: whether a commit is right is decided by the swap.
 *
 * A writer that waits looks at its request and tries to get the turn whenever something happened,
 * and now and then, as nobody tells of a death. With the turn in hand the state of its request is
 * final:
 *
 *   posted           it was never touched: withdrawn, the writer commits by itself
 *   taken            by a writer that died: its commit landed or never will, so the new holder of
 *                    the turn reads the table and goes on
 *   landed, unknown  the writer gives the turn back at once
 *   not done         the writer commits by itself */
#include <stdio.h>

#include "base/error.h"
#include "base/str.h"
#include "catalog/sqlite_db.h"
#include "catalog/turn_board.h"

#define K_FIRST_WAIT_US    100
#define K_LAST_WAIT_US     2000
#define K_LOOK_AGAIN_US    20000       /* a death makes no noise */
#define K_ANSWER_TIMEOUT_S INT64_C(60) /* a commit by another one takes a fraction of it */

struct turn {
    firn_board board;
    uint64_t number;
    firn_board_taken taken[FIRN_BOARD_SLOTS];
    bool is_answered[FIRN_BOARD_SLOTS];
    size_t n_taken;
};

struct wait {
    const firn_sqlite_db *db;
    struct turn *turn;
    int64_t end_us, answer_end_us;
    int64_t pause_us; /* without events */
};

static bool open_board(const firn_sqlite_db *db, firn_board *board)
{
    char path[4096];
    const int n = snprintf(path, sizeof path, "%.*s-turns", FIRN_STR_ARG(db->path));
    board->fd = -1;
    return n > 0 && (size_t)n < sizeof path && firn_board_open(board, path);
}

static int64_t now_us(const struct wait *w)
{
    return firn_clock_monotonic_us(w->db->env->clock);
}

/* Until something happens, or for a moment. Tests bring a clock of their own, whose time does not
 * pass while the kernel waits. */
static void wait_a_while(struct wait *w, uint32_t seen)
{
    const firn_clock *clock = w->db->env->clock;
    if (w->turn->board.page && clock == firn_clock_system()) {
        firn_board_wait(&w->turn->board, seen, K_LOOK_AGAIN_US);
        return;
    }
    clock->sleep_us(clock->ctx, w->pause_us);
    if (w->pause_us < K_LAST_WAIT_US) w->pause_us += w->pause_us / 2;
}

static void give_back(const struct turn *turn)
{
    firn_board_end_turn(&turn->board, turn->number);
    firn_board_wake(&turn->board);
}

/* The caller has the turn, so nobody else has the request any more. */
static firn_turn_end with_turn(struct turn *turn)
{
    const firn_board_state state = firn_board_look(&turn->board);
    firn_board_forget(&turn->board);
    if (state == FIRN_BOARD_TAKEN) return FIRN_TURN_INHERITED;
    if (state != FIRN_BOARD_LANDED && state != FIRN_BOARD_UNKNOWN) return FIRN_TURN_MINE;
    give_back(turn);
    return state == FIRN_BOARD_LANDED ? FIRN_TURN_LANDED : FIRN_TURN_UNKNOWN;
}

/* Without the turn. NONE: go on waiting. */
static firn_turn_end without_turn(struct turn *turn)
{
    const firn_board_state state = firn_board_look(&turn->board);
    if (state == FIRN_BOARD_LANDED) return FIRN_TURN_LANDED;
    if (state == FIRN_BOARD_UNKNOWN) return FIRN_TURN_UNKNOWN;
    if (state == FIRN_BOARD_NOT_DONE) firn_board_forget(&turn->board);
    return FIRN_TURN_NONE;
}

/* Who cannot take the request back waits for the answer. */
static bool is_over(struct wait *w, firn_turn_end *end)
{
    const int64_t now = now_us(w);
    *end = FIRN_TURN_NONE;
    if (now < w->end_us) return false;
    if (firn_board_withdraw(&w->turn->board)) return true;
    *end = FIRN_TURN_UNKNOWN;
    return firn_board_look(&w->turn->board) == FIRN_BOARD_TAKEN && now >= w->answer_end_us;
}

static firn_turn_end wait_for_turn(struct wait *w)
{
    firn_turn_end end;
    for (;;) {
        bool is_error = false;
        const uint32_t seen = firn_board_events(&w->turn->board);
        if ((end = without_turn(w->turn)) != FIRN_TURN_NONE) return end;
        if (firn_board_try_turn(&w->turn->board, w->turn->number, &is_error))
            return with_turn(w->turn);
        if (is_error && firn_board_withdraw(&w->turn->board)) return FIRN_TURN_NONE;
        if (is_over(w, &end)) return end;
        wait_a_while(w, seen);
    }
}

static firn_turn_end take(const firn_sqlite_db *db, struct turn *turn, firn_str request,
                          int64_t timeout_ms)
{
    bool is_error = false;
    struct wait w = {.db = db, .turn = turn, .pause_us = K_FIRST_WAIT_US};
    if (firn_board_try_turn(&turn->board, turn->number, &is_error)) return FIRN_TURN_MINE;
    if (is_error) return FIRN_TURN_NONE;
    w.end_us = now_us(&w) + timeout_ms * 1000;
    w.answer_end_us = w.end_us + K_ANSWER_TIMEOUT_S * 1000000;
    if (firn_board_post(&turn->board, turn->number, request)) {
        firn_error ignored;
        /* a kill here leaves a request without an owner */
        if (firn_env_failpoint(db->env, "catalog.turn.posted", &ignored) != FIRN_OK &&
            firn_board_withdraw(&turn->board))
            return FIRN_TURN_NONE;
    }
    return wait_for_turn(&w);
}

firn_turn_end firn_sqlite__take_turn(void *ctx, firn_str table, firn_str request,
                                     int64_t timeout_ms, void **out)
{
    const firn_sqlite_db *db = ctx;
    firn_turn_end end = FIRN_TURN_NONE;
    struct turn *turn = firn_mem_alloc_zero(NULL, sizeof *turn);
    *out = NULL;
    if (!turn) return end;
    turn->number = firn_str_hash(table) % FIRN_BOARD_TURNS;
    if (open_board(db, &turn->board)) end = take(db, turn, request, timeout_ms);
    if (end == FIRN_TURN_MINE || end == FIRN_TURN_INHERITED) {
        *out = turn;
        return end;
    }
    firn_board_close(&turn->board);
    firn_mem_free(NULL, turn);
    return end;
}

size_t firn_sqlite__take_requests(void *ctx, void *taken, firn_arena *arena, const firn_str **out)
{
    const firn_sqlite_db *db = ctx;
    struct turn *turn = taken;
    firn_error ignored;
    firn_str *texts = firn_arena_array(arena, FIRN_BOARD_SLOTS, sizeof *texts);
    *out = texts;
    if (!texts || turn->n_taken > 0) return 0;
    turn->n_taken = firn_board_take(&turn->board, turn->number, arena, turn->taken, texts);
    /* a kill here leaves requests that nobody works on */
    if (turn->n_taken > 0 &&
        firn_env_failpoint(db->env, "catalog.turn.taken", &ignored) != FIRN_OK) {
        for (size_t i = 0; i < turn->n_taken; i++)
            firn_sqlite__answer_request(ctx, turn, i, FIRN_REQUEST_NOT_DONE);
        return 0;
    }
    return turn->n_taken;
}

static firn_board_state state_of(firn_request_end end)
{
    switch (end) {
    case FIRN_REQUEST_UNKNOWN: return FIRN_BOARD_UNKNOWN;
    case FIRN_REQUEST_LANDED: return FIRN_BOARD_LANDED;
    case FIRN_REQUEST_NOT_DONE: return FIRN_BOARD_NOT_DONE;
    }
    return FIRN_BOARD_UNKNOWN;
}

void firn_sqlite__answer_request(void *ctx, void *taken, size_t i, firn_request_end end)
{
    const firn_sqlite_db *db = ctx;
    struct turn *turn = taken;
    firn_error ignored;
    if (firn_env_failpoint(db->env, "catalog.turn.before_answer", &ignored) != FIRN_OK)
        end = FIRN_REQUEST_UNKNOWN;
    firn_board_answer(&turn->board, &turn->taken[i], state_of(end));
    turn->is_answered[i] = true;
}

firn_status firn_sqlite__check_turn(void *ctx, const void *taken, firn_error *err)
{
    (void)ctx;
    const struct turn *turn = taken;
    for (size_t i = 0; i < turn->n_taken; i++)
        if (!turn->is_answered[i] && !firn_board_is_awaited(&turn->board, &turn->taken[i]))
            return firn_fail(err, FIRN_ERR_CONFLICT, "a writer that shared the commit has died");
    return FIRN_OK;
}

/* The answers are there before the turn ends, and the turn ends before anybody is told. Whoever is
 * not told looks by itself after a while. */
void firn_sqlite__end_turn(void *ctx, void *taken)
{
    const firn_sqlite_db *db = ctx;
    struct turn *turn = taken;
    firn_error ignored;
    for (size_t i = 0; i < turn->n_taken; i++)
        if (!turn->is_answered[i]) firn_sqlite__answer_request(ctx, turn, i, FIRN_REQUEST_UNKNOWN);
    if (firn_env_failpoint(db->env, "catalog.turn.before_end", &ignored) == FIRN_OK)
        give_back(turn);
    firn_board_close(&turn->board);
    firn_mem_free(NULL, turn);
}
