/* SPDX-License-Identifier: Apache-2.0 */
/* The file of turns and requests: who gets what, and what becomes of it when somebody dies. */
#include "catalog/turn_board.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "firn_test.h"

#define TURN  UINT64_C(7)
#define OTHER UINT64_C(8)

struct file {
    char folder[FIRN_TEST_PATH];
    char path[FIRN_TEST_PATH];
    firn_arena *arena;
};

static int set_up(void **state)
{
    static struct file file;
    firn_test_tempdir(file.folder);
    (void)firn_test_path(file.path, file.folder, "catalog.db-turns");
    file.arena = firn_arena_create(NULL, 0);
    *state = &file;
    return file.arena ? 0 : -1;
}

static int tear_down(void **state)
{
    struct file *file = *state;
    firn_arena_destroy(file->arena);
    firn_test_remove_tree(file->folder);
    return 0;
}

static firn_board open_board(const struct file *file)
{
    firn_board board;
    assert_true(firn_board_open(&board, file->path));
    assert_non_null(board.page);
    return board;
}

static bool try_turn(const firn_board *board, uint64_t turn)
{
    bool is_error = true;
    const bool is_taken = firn_board_try_turn(board, turn, &is_error);
    assert_false(is_error);
    return is_taken;
}

static size_t take(const struct file *file, const firn_board *board, firn_board_taken *taken,
                   firn_str *texts)
{
    return firn_board_take(board, TURN, file->arena, taken, texts);
}

/* ---- turns ---- */

static void test_one_at_a_time_has_a_turn(void **state)
{
    firn_board a = open_board(*state);
    firn_board b = open_board(*state);
    assert_true(try_turn(&a, TURN));
    assert_false(try_turn(&b, TURN));
    assert_true(try_turn(&b, OTHER));
    firn_board_end_turn(&a, TURN);
    assert_true(try_turn(&b, TURN));
    firn_board_close(&b);
    assert_true(try_turn(&a, TURN));
    assert_true(try_turn(&a, OTHER));
    firn_board_close(&a);
}

static void test_a_file_of_locks_only_becomes_a_board(void **state)
{
    const struct file *file = *state;
    const int fd = open(file->path, O_RDWR | O_CREAT, 0600);
    assert_true(fd >= 0);
    firn_board board = open_board(file);
    assert_true(firn_board_post(&board, TURN, FIRN_STR("x")));
    firn_board_close(&board);
    (void)close(fd);
}

/* After a crash of the machine there may be anything in it. */
static void test_a_file_of_any_bytes_is_a_board(void **state)
{
    const struct file *file = *state;
    static char bytes[65536];
    firn_board_taken taken[FIRN_BOARD_SLOTS];
    firn_str texts[FIRN_BOARD_SLOTS];
    for (int fill = 0; fill < 256; fill += 51) {
        memset(bytes, fill, sizeof bytes);
        const int fd = open(file->path, O_RDWR | O_CREAT, 0600);
        assert_true(pwrite(fd, bytes, sizeof bytes, 0) == (ssize_t)sizeof bytes);
        (void)close(fd);
        firn_board holder = open_board(file);
        firn_board writer = open_board(file);
        assert_int_equal(take(file, &holder, taken, texts), 0);
        assert_true(firn_board_post(&writer, TURN, FIRN_STR("x")));
        assert_int_equal(take(file, &holder, taken, texts), 1);
        assert_str(texts[0], "x");
        firn_board_answer(&holder, &taken[0], FIRN_BOARD_LANDED);
        assert_int_equal(firn_board_look(&writer), FIRN_BOARD_LANDED);
        firn_board_close(&writer);
        firn_board_close(&holder);
    }
}

static void test_a_file_that_cannot_be_made_is_no_board(void **state)
{
    (void)state;
    firn_board board;
    assert_false(firn_board_open(&board, "/nowhere/at/all"));
    firn_board_close(&board);
}

/* ---- requests ---- */

static void test_a_request_is_taken_and_answered(void **state)
{
    const struct file *file = *state;
    static const firn_board_state k_answers[] = {FIRN_BOARD_LANDED, FIRN_BOARD_NOT_DONE,
                                                 FIRN_BOARD_UNKNOWN};
    firn_board_taken taken[FIRN_BOARD_SLOTS];
    firn_str texts[FIRN_BOARD_SLOTS];
    firn_board holder = open_board(file);
    assert_true(try_turn(&holder, TURN));
    for (size_t i = 0; i < 3; i++) {
        firn_board writer = open_board(file);
        assert_int_equal(firn_board_look(&writer), FIRN_BOARD_FREE);
        assert_true(firn_board_post(&writer, TURN, FIRN_STR("one file")));
        assert_int_equal(firn_board_look(&writer), FIRN_BOARD_POSTED);
        assert_int_equal(take(file, &holder, taken, texts), 1);
        assert_str(texts[0], "one file");
        assert_int_equal(firn_board_look(&writer), FIRN_BOARD_TAKEN);
        assert_false(firn_board_withdraw(&writer));
        assert_int_equal(take(file, &holder, taken + 1, texts + 1), 0);
        firn_board_answer(&holder, &taken[0], k_answers[i]);
        assert_int_equal(firn_board_look(&writer), k_answers[i]);
        firn_board_close(&writer);
    }
    firn_board_close(&holder);
}

static void test_a_request_is_for_one_turn(void **state)
{
    const struct file *file = *state;
    firn_board_taken taken[FIRN_BOARD_SLOTS];
    firn_str texts[FIRN_BOARD_SLOTS];
    firn_board holder = open_board(file);
    firn_board writer = open_board(file);
    assert_true(firn_board_post(&writer, OTHER, FIRN_STR("x")));
    assert_int_equal(take(file, &holder, taken, texts), 0);
    assert_true(firn_board_withdraw(&writer));
    assert_int_equal(firn_board_look(&writer), FIRN_BOARD_FREE);
    assert_true(firn_board_withdraw(&writer));
    firn_board_close(&writer);
    firn_board_close(&holder);
}

static void test_a_request_withdrawn_is_not_taken(void **state)
{
    const struct file *file = *state;
    firn_board_taken taken[FIRN_BOARD_SLOTS];
    firn_str texts[FIRN_BOARD_SLOTS];
    firn_board holder = open_board(file);
    firn_board writer = open_board(file);
    assert_true(firn_board_post(&writer, TURN, FIRN_STR("x")));
    assert_true(firn_board_withdraw(&writer));
    assert_int_equal(take(file, &holder, taken, texts), 0);
    firn_board_close(&writer);
    firn_board_close(&holder);
}

static void test_an_answer_does_not_reach_a_later_request(void **state)
{
    const struct file *file = *state;
    firn_board_taken taken[FIRN_BOARD_SLOTS];
    firn_str texts[FIRN_BOARD_SLOTS];
    firn_board holder = open_board(file);
    firn_board writer = open_board(file);
    assert_true(firn_board_post(&writer, TURN, FIRN_STR("first")));
    assert_int_equal(take(file, &holder, taken, texts), 1);
    firn_board_forget(&writer);
    assert_true(firn_board_post(&writer, TURN, FIRN_STR("second")));
    firn_board_answer(&holder, &taken[0], FIRN_BOARD_LANDED);
    assert_int_equal(firn_board_look(&writer), FIRN_BOARD_POSTED);
    assert_int_equal(take(file, &holder, taken, texts), 1);
    assert_str(texts[0], "second");
    firn_board_close(&writer);
    firn_board_close(&holder);
}

static void test_requests_have_a_length_and_a_number(void **state)
{
    const struct file *file = *state;
    static char text[FIRN_BOARD_REQUEST_MAX + 1];
    static firn_board boards[FIRN_BOARD_SLOTS + 1];
    static firn_board_taken taken[FIRN_BOARD_SLOTS];
    static firn_str texts[FIRN_BOARD_SLOTS];
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i <= FIRN_BOARD_SLOTS; i++) boards[i] = open_board(file);
    assert_false(firn_board_post(&boards[0], TURN, (firn_str){text, sizeof text}));
    assert_false(firn_board_post(&boards[0], TURN, FIRN_STR("")));
    for (size_t i = 0; i < FIRN_BOARD_SLOTS; i++)
        assert_true(firn_board_post(&boards[i], TURN, (firn_str){text, FIRN_BOARD_REQUEST_MAX}));
    firn_board *last = &boards[FIRN_BOARD_SLOTS];
    assert_false(firn_board_post(last, TURN, FIRN_STR("x")));
    assert_int_equal(firn_board_look(last), FIRN_BOARD_FREE);
    assert_int_equal(take(file, last, taken, texts), FIRN_BOARD_SLOTS);
    for (size_t i = 0; i < FIRN_BOARD_SLOTS; i++)
        assert_true(firn_str_equals(texts[i], (firn_str){text, FIRN_BOARD_REQUEST_MAX}));
    for (size_t i = 0; i <= FIRN_BOARD_SLOTS; i++) firn_board_close(&boards[i]);
}

/* ---- deaths ---- */

static void post_and_die(void *ctx)
{
    firn_board board = open_board(ctx);
    if (!firn_board_post(&board, TURN, FIRN_STR("of the dead"))) _exit(9);
    (void)kill(getpid(), SIGKILL);
}

static void test_requests_of_the_dead_are_not_taken(void **state)
{
    struct file *file = *state;
    firn_board_taken taken[FIRN_BOARD_SLOTS];
    firn_str texts[FIRN_BOARD_SLOTS];
    const int status = firn_test_in_child(post_and_die, file);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    firn_board holder = open_board(file);
    assert_int_equal(take(file, &holder, taken, texts), 0);
    /* its slot is free for others */
    static firn_board boards[FIRN_BOARD_SLOTS];
    for (size_t i = 0; i < FIRN_BOARD_SLOTS; i++) {
        boards[i] = open_board(file);
        assert_true(firn_board_post(&boards[i], TURN, FIRN_STR("of the living")));
    }
    static firn_board_taken all[FIRN_BOARD_SLOTS];
    static firn_str all_texts[FIRN_BOARD_SLOTS];
    assert_int_equal(take(file, &holder, all, all_texts), FIRN_BOARD_SLOTS);
    for (size_t i = 0; i < FIRN_BOARD_SLOTS; i++) {
        assert_str(all_texts[i], "of the living");
        firn_board_close(&boards[i]);
    }
    firn_board_close(&holder);
}

static void take_and_die(void *ctx)
{
    const struct file *file = ctx;
    firn_board_taken taken[FIRN_BOARD_SLOTS];
    firn_str texts[FIRN_BOARD_SLOTS];
    bool is_error = false;
    firn_board board = open_board(file);
    if (!firn_board_try_turn(&board, TURN, &is_error) || take(file, &board, taken, texts) != 1)
        _exit(9);
    (void)kill(getpid(), SIGKILL);
}

static void test_a_dead_holder_leaves_the_turn_and_the_request_taken(void **state)
{
    struct file *file = *state;
    firn_board writer = open_board(file);
    assert_true(firn_board_post(&writer, TURN, FIRN_STR("x")));
    const int status = firn_test_in_child(take_and_die, file);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_true(try_turn(&writer, TURN));
    assert_int_equal(firn_board_look(&writer), FIRN_BOARD_TAKEN);
    firn_board_close(&writer);
}

/* ---- events ---- */

static void wake_later(void *ctx)
{
    firn_board board = open_board(ctx);
    (void)usleep(20000);
    firn_board_wake(&board);
    firn_board_close(&board);
}

static void test_who_waits_is_woken(void **state)
{
    struct file *file = *state;
    int status = 0;
    firn_board board = open_board(file);
    const uint32_t seen = firn_board_events(&board);
    const pid_t child = firn_test_fork(wake_later, file);
    while (firn_board_events(&board) == seen) firn_board_wait(&board, seen, 10000000);
    assert_int_equal(firn_board_events(&board), seen + 1);
    firn_board_wait(&board, seen, 10000000); /* not seen any more: returns at once */
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    firn_board_close(&board);
}

int main(void)
{
#define BOARD_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        BOARD_TEST(test_one_at_a_time_has_a_turn),
        BOARD_TEST(test_a_file_of_locks_only_becomes_a_board),
        BOARD_TEST(test_a_file_of_any_bytes_is_a_board),
        BOARD_TEST(test_a_file_that_cannot_be_made_is_no_board),
        BOARD_TEST(test_a_request_is_taken_and_answered),
        BOARD_TEST(test_a_request_is_for_one_turn),
        BOARD_TEST(test_a_request_withdrawn_is_not_taken),
        BOARD_TEST(test_an_answer_does_not_reach_a_later_request),
        BOARD_TEST(test_requests_have_a_length_and_a_number),
        BOARD_TEST(test_requests_of_the_dead_are_not_taken),
        BOARD_TEST(test_a_dead_holder_leaves_the_turn_and_the_request_taken),
        BOARD_TEST(test_who_waits_is_woken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
