/* SPDX-License-Identifier: Apache-2.0 */
/* The file of turns and requests: see turn_board.h for its layout and rules. */
#include "catalog/turn_board.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define K_PAGE_BYTES ((size_t)8192)
#define K_STATE_BITS 3
#define K_STATE_MASK ((uint64_t)7)
/* Bytes that are locked, behind those of the turns. */
#define K_LAYOUT_LOCK ((off_t)FIRN_BOARD_TURNS)
#define K_SLOT_LOCK   (K_LAYOUT_LOCK + 1)

struct board_slot {
    _Atomic uint64_t state; /* number of the request, and what became of it */
    _Atomic uint64_t turn;
    _Atomic uint64_t length; /* of the body */
    uint64_t unused[5];      /* a cache line of its own */
};

struct firn_board_page {
    _Atomic uint32_t events;
    uint32_t unused[15];
    struct board_slot slots[FIRN_BOARD_SLOTS];
};

_Static_assert(sizeof(struct firn_board_page) <= K_PAGE_BYTES, "the slots fit the mapped pages");
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2,
               "processes can share atomics");

/* ---- locks ---- */

static bool set_lock(int fd, short type, off_t at)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};
    return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

static bool is_locked_by_other(int fd, off_t at)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};
    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

bool firn_board_try_turn(const firn_board *board, uint64_t turn, bool *is_error)
{
    const bool is_taken = set_lock(board->fd, F_WRLCK, (off_t)turn);
    *is_error = !is_taken && errno != EAGAIN && errno != EACCES && errno != EINTR;
    return is_taken;
}

void firn_board_end_turn(const firn_board *board, uint64_t turn)
{
    (void)set_lock(board->fd, F_UNLCK, (off_t)turn);
}

/* ---- open ---- */

static bool has_pages(int fd)
{
    struct stat info;
    return fstat(fd, &info) == 0 && info.st_size >= (off_t)K_PAGE_BYTES;
}

/* The pages are written, not just made room for: a page without a block behind it would be a fatal
 * signal when the disk is full. Whoever comes first does it, and the others see nothing of it. */
static bool make_pages(int fd)
{
    static const char k_zeros[K_PAGE_BYTES];
    if (has_pages(fd)) return true;
    if (!set_lock(fd, F_WRLCK, K_LAYOUT_LOCK)) return false;
    const bool is_made = has_pages(fd) || pwrite(fd, k_zeros, sizeof k_zeros, 0) == sizeof k_zeros;
    (void)set_lock(fd, F_UNLCK, K_LAYOUT_LOCK);
    return is_made;
}

bool firn_board_open(firn_board *board, const char *path)
{
    *board = (firn_board){.fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666)};
    if (board->fd < 0) return false;
    if (!make_pages(board->fd)) return true;
    void *page = mmap(NULL, K_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, board->fd, 0);
    if (page != MAP_FAILED) board->page = page;
    return true;
}

void firn_board_close(firn_board *board)
{
    firn_board_forget(board);
    if (board->page) (void)munmap(board->page, K_PAGE_BYTES);
    if (board->fd >= 0) (void)close(board->fd);
    *board = (firn_board){.fd = -1};
}

/* ---- own request ---- */

static off_t body_of(size_t slot)
{
    return (off_t)(K_PAGE_BYTES + slot * FIRN_BOARD_REQUEST_MAX);
}

static uint64_t word(uint64_t number, firn_board_state state)
{
    return number << K_STATE_BITS | (uint64_t)state;
}

static bool swap_state(struct board_slot *slot, uint64_t number, firn_board_state from,
                       firn_board_state to)
{
    uint64_t expected = word(number, from);
    return atomic_compare_exchange_strong(&slot->state, &expected, word(number, to));
}

/* Slots are tried from one that differs from process to process, so that they seldom meet. */
static bool claim_slot(firn_board *board)
{
    const size_t first = (size_t)getpid() % FIRN_BOARD_SLOTS;
    for (size_t i = 0; i < FIRN_BOARD_SLOTS; i++) {
        board->slot = (first + i) % FIRN_BOARD_SLOTS;
        if (set_lock(board->fd, F_WRLCK, K_SLOT_LOCK + (off_t)board->slot)) return true;
    }
    return false;
}

bool firn_board_post(firn_board *board, uint64_t turn, firn_str request)
{
    if (!board->page || request.len == 0 || request.len > FIRN_BOARD_REQUEST_MAX) return false;
    if (!claim_slot(board)) return false;
    struct board_slot *slot = &board->page->slots[board->slot];
    board->number = (atomic_load(&slot->state) >> K_STATE_BITS) + 1;
    /* a taker that has not noticed the last owner's end must see another number before another body
     */
    atomic_store(&slot->state, word(board->number, FIRN_BOARD_FREE));
    atomic_store(&slot->turn, turn);
    atomic_store(&slot->length, request.len);
    if (pwrite(board->fd, request.data, request.len, body_of(board->slot)) !=
        (ssize_t)request.len) {
        firn_board_forget(board);
        return false;
    }
    atomic_store(&slot->state, word(board->number, FIRN_BOARD_POSTED));
    return true;
}

firn_board_state firn_board_look(const firn_board *board)
{
    if (board->number == 0) return FIRN_BOARD_FREE;
    return (firn_board_state)(atomic_load(&board->page->slots[board->slot].state) & K_STATE_MASK);
}

bool firn_board_withdraw(firn_board *board)
{
    if (board->number == 0) return true;
    struct board_slot *slot = &board->page->slots[board->slot];
    if (!swap_state(slot, board->number, FIRN_BOARD_POSTED, FIRN_BOARD_FREE)) return false;
    firn_board_forget(board);
    return true;
}

void firn_board_forget(firn_board *board)
{
    if (board->number == 0) return;
    atomic_store(&board->page->slots[board->slot].state, word(board->number, FIRN_BOARD_FREE));
    board->number = 0;
    (void)set_lock(board->fd, F_UNLCK, K_SLOT_LOCK + (off_t)board->slot);
}

/* ---- requests of others ---- */

static bool read_body(const firn_board *board, const firn_board_taken *taken, firn_arena *arena,
                      firn_str *text)
{
    struct board_slot *slot = &board->page->slots[taken->slot];
    const uint64_t length = atomic_load(&slot->length);
    if (length > FIRN_BOARD_REQUEST_MAX) return false;
    char *bytes = firn_arena_alloc(arena, (size_t)length);
    if (!bytes) return false;
    *text = (firn_str){bytes, (size_t)length};
    return pread(board->fd, bytes, text->len, body_of(taken->slot)) == (ssize_t)text->len &&
           atomic_load(&slot->state) == word(taken->number, FIRN_BOARD_TAKEN);
}

static bool take_slot(const firn_board *board, size_t i, uint64_t turn, firn_board_taken *out)
{
    struct board_slot *slot = &board->page->slots[i];
    const uint64_t state = atomic_load(&slot->state);
    *out = (firn_board_taken){i, state >> K_STATE_BITS};
    if ((state & K_STATE_MASK) != FIRN_BOARD_POSTED || atomic_load(&slot->turn) != turn)
        return false;
    if (!is_locked_by_other(board->fd, K_SLOT_LOCK + (off_t)i)) return false; /* owner is dead */
    return swap_state(slot, out->number, FIRN_BOARD_POSTED, FIRN_BOARD_TAKEN);
}

size_t firn_board_take(const firn_board *board, uint64_t turn, firn_arena *arena,
                       firn_board_taken *taken, firn_str *texts)
{
    size_t n = 0;
    for (size_t i = 0; board->page && i < FIRN_BOARD_SLOTS; i++) {
        if (!take_slot(board, i, turn, &taken[n])) continue;
        if (read_body(board, &taken[n], arena, &texts[n]))
            n++;
        else
            firn_board_answer(board, &taken[n], FIRN_BOARD_NOT_DONE);
    }
    return n;
}

void firn_board_answer(const firn_board *board, const firn_board_taken *taken,
                       firn_board_state state)
{
    (void)swap_state(&board->page->slots[taken->slot], taken->number, FIRN_BOARD_TAKEN, state);
}

bool firn_board_is_awaited(const firn_board *board, const firn_board_taken *taken)
{
    return is_locked_by_other(board->fd, K_SLOT_LOCK + (off_t)taken->slot) &&
           atomic_load(&board->page->slots[taken->slot].state) ==
               word(taken->number, FIRN_BOARD_TAKEN);
}

/* ---- events ---- */

uint32_t firn_board_events(const firn_board *board)
{
    return board->page ? atomic_load(&board->page->events) : 0;
}

void firn_board_wait(const firn_board *board, uint32_t seen, int64_t max_us)
{
    const struct timespec most = {.tv_sec = max_us / 1000000, .tv_nsec = max_us % 1000000 * 1000};
    (void)syscall(SYS_futex, &board->page->events, FUTEX_WAIT, seen, &most, NULL, 0);
}

void firn_board_wake(const firn_board *board)
{
    if (!board->page) return;
    atomic_fetch_add(&board->page->events, 1);
    (void)syscall(SYS_futex, &board->page->events, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}
