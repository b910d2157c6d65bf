/* SPDX-License-Identifier: Apache-2.0 */
/* The file beside a catalog in which writers of all processes take turns and leave requests for
 * the one whose turn it is. Who waits for whom, and for how long, is sqlite_turn.c; what a request
 * says is the business of the iceberg room.
 *
 *   page     two pages that everybody maps: a count of events, to wait on, and 64 slots
 *   bodies   16 KiB for each slot, read and written like a file
 *   locks    on bytes of the file, which need not exist: one for each table's turn, one for each
 *            slot. They belong to the open file, so that they exclude threads too, and the kernel
 *            releases them when a process dies.
 *
 * Nothing here is durable or has to be. A slot belongs to whoever has its lock; what a dead owner
 * left in it is ignored. Its state is one word with the number of the request in it, so that an
 * answer never reaches a later request:
 *
 *   owner    free -> posted                      with its lock held
 *   owner    posted -> free                      withdrawn, unless it was taken
 *   taker    posted -> taken -> landed, not done, unknown
 *
 * Invariant: the taker has the turn from before it takes until after it answers. So who finds its
 * request taken when the turn is free knows that the taker is dead. Bad interleaving: the taker
 * reads the body, the owner dies, another one takes the slot and writes its own: the taker finds
 * another number in the state and drops what it read. */
#ifndef FIRN_CATALOG_TURN_BOARD_H
#define FIRN_CATALOG_TURN_BOARD_H

#include "base/arena.h"
#include "firn/base.h"

#define FIRN_BOARD_SLOTS       64
#define FIRN_BOARD_REQUEST_MAX ((size_t)16384)
#define FIRN_BOARD_TURNS       (1u << 30)

typedef enum firn_board_state {
    FIRN_BOARD_FREE = 0,
    FIRN_BOARD_POSTED,
    FIRN_BOARD_TAKEN,
    FIRN_BOARD_LANDED,
    FIRN_BOARD_NOT_DONE,
    FIRN_BOARD_UNKNOWN,
} firn_board_state;

struct firn_board_page;

typedef struct firn_board {
    int fd;                       /* -1: closed */
    struct firn_board_page *page; /* NULL: turns only, the file cannot be shared in memory */
    size_t slot;                  /* of the own request */
    uint64_t number;              /* of the own request; 0: none */
} firn_board;

/* A request that was taken. */
typedef struct firn_board_taken {
    size_t slot;
    uint64_t number;
} firn_board_taken;

/* Makes the file if need be. False: not to be had. */
bool firn_board_open(firn_board *board, const char *path);
/* Releases all that is held. */
void firn_board_close(firn_board *board);

/* turn: a number below FIRN_BOARD_TURNS. *is_error: not a matter of waiting. */
bool firn_board_try_turn(const firn_board *board, uint64_t turn, bool *is_error);
void firn_board_end_turn(const firn_board *board, uint64_t turn);

/* Leaves a request with whoever has the turn. False: no slot is free, or it is too long. */
bool firn_board_post(firn_board *board, uint64_t turn, firn_str request);
/* FREE: there is none. */
firn_board_state firn_board_look(const firn_board *board);
/* True: nobody has it, and nobody gets it any more. */
bool firn_board_withdraw(firn_board *board);
/* Whatever became of it. */
void firn_board_forget(firn_board *board);

/* Take up to FIRN_BOARD_SLOTS requests that wait for a turn which the caller has; the texts are in
 * the arena. */
size_t firn_board_take(const firn_board *board, uint64_t turn, firn_arena *arena,
                       firn_board_taken *taken, firn_str *texts);
void firn_board_answer(const firn_board *board, const firn_board_taken *taken,
                       firn_board_state state);

/* Its owner is alive. */
bool firn_board_is_awaited(const firn_board *board, const firn_board_taken *taken);

/* Events: a number that changes with each; wait returns when it is not seen any more, or sooner, at
 * the latest after max_us. */
uint32_t firn_board_events(const firn_board *board);
void firn_board_wait(const firn_board *board, uint32_t seen, int64_t max_us);
void firn_board_wake(const firn_board *board);

#endif
