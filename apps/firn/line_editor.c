/* SPDX-License-Identifier: Apache-2.0 */
/* libedit knows keys, history and the text; it cannot draw in colours. Lines that are painted are
 * drawn here, whenever the keyboard is waited for, and what libedit draws goes nowhere. */
#include "line_editor.h"

#include <errno.h>
#include <fcntl.h>
#include <histedit.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "app.h"
#include "base/str.h"
#include "display_width.h"
#include "line_view.h"

enum { MAX_SHOWN = 200, MAX_HISTORY_FILE = 4 << 20, MAX_PICTURE = 16 << 20 };

struct line_editor {
    line_editor_opts opts;
    EditLine *edit;
    History *past;
    const char *prompt;
    firn_buf text; /* of the line that was read */
    bool is_plain; /* a terminal without escape sequences */
    bool is_painted;
    FILE *nowhere; /* what libedit draws of painted lines; NULL: there are none */
    line_view view;
    firn_buf styles, drawing;
    struct winsize window;
};

static line_editor *editor_of(EditLine *edit)
{
    line_editor *editor = NULL;
    (void)el_get(edit, EL_CLIENTDATA, &editor);
    return editor;
}

/* libedit takes the prompt as writable text and only reads it. */
static char *prompt_of(EditLine *edit)
{
    union {
        const char *in;
        char *out;
    } text = {.in = editor_of(edit)->prompt};
    return text.out;
}

/* ---- painted lines ---- */

static void show_drawing(line_editor *editor)
{
    firn_buf *out = &editor->drawing;
    if (out->status == FIRN_OK) (void)fwrite(out->data, 1, out->len, stdout);
    (void)fflush(stdout);
    firn_buf_clear(out);
}

static void draw_line(line_editor *editor, firn_str line, size_t cursor)
{
    firn_buf_clear(&editor->styles);
    char *styles = firn_buf_reserve(&editor->styles, line.len + 1);
    if (!styles) return;
    memset(styles, LINE_STYLE_PLAIN, line.len + 1);
    editor->opts.paint(editor->opts.ctx, line, cursor, (uint8_t *)styles);
    const line_picture picture = {.n_columns =
                                      editor->window.ws_col > 0 ? editor->window.ws_col : 80,
                                  .n_rows = editor->window.ws_row > 0 ? editor->window.ws_row : 24,
                                  .prompt = firn_str_of(editor->prompt),
                                  .text = line,
                                  .cursor = cursor < line.len ? cursor : line.len,
                                  .styles = (const uint8_t *)styles};
    line_view_draw(&editor->view, &picture, &editor->drawing);
    show_drawing(editor);
}

/* As it is, before a key is waited for; keys that are there already come first. */
static void draw_now(line_editor *editor)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    if (!editor->is_painted || poll(&input, 1, 0) > 0) return;
    const LineInfo *info = el_line(editor->edit);
    draw_line(editor, (firn_str){info->buffer, (size_t)(info->lastchar - info->buffer)},
              (size_t)(info->cursor - info->buffer));
}

/* What is printed next is below the line. */
static void leave_line(line_editor *editor)
{
    if (editor->is_painted) {
        line_view_leave(&editor->view, &editor->drawing);
        show_drawing(editor);
    } else {
        fputc('\n', stdout);
    }
}

static unsigned char clear_screen(EditLine *edit, int key)
{
    line_editor *editor = editor_of(edit);
    (void)key;
    if (!editor->is_plain) fputs("\033[H\033[2J", stdout);
    (void)fflush(stdout);
    editor->view = (line_view){0};
    return CC_REDISPLAY;
}

bool line_editor_set_painted(line_editor *editor, bool is_painted)
{
    if (is_painted && !editor->nowhere && !editor->is_plain)
        editor->nowhere = fopen("/dev/null", "we");
    if (is_painted && !editor->nowhere) return false;
    editor->is_painted = is_painted;
    (void)el_set(editor->edit, EL_SETFP, 1, is_painted ? editor->nowhere : stdout);
    return true;
}

/* ---- keys ---- */

/* Waits for a byte. Ctrl-C is let in only while it waits, so that none comes unnoticed between two
 * waits; one that the system gave to another thread is seen a moment later. False: it came. */
static bool wait_for_key(void)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    sigset_t interrupt;
    sigset_t before;
    (void)sigemptyset(&interrupt);
    (void)sigaddset(&interrupt, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &interrupt, &before);
    const struct timespec moment = {.tv_nsec = 200000000};
    int ready = 0;
    while (ready <= 0 && !app_was_interrupted()) {
        ready = ppoll(&input, 1, &moment, &before);
        if (ready < 0 && errno != EINTR) break;
    }
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return ready > 0;
}

/* Bytes from the terminal as one character. Ctrl-C ends the wait; a new size of the window is
 * noticed at the next key. */
static int read_key(EditLine *edit, wchar_t *out)
{
    line_editor *editor = editor_of(edit);
    mbstate_t state;
    memset(&state, 0, sizeof state);
    for (;;) {
        char byte;
        draw_now(editor);
        if (!wait_for_key()) return -1;
        const ssize_t n = read(STDIN_FILENO, &byte, 1);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return (int)n;
        struct winsize now;
        if (ioctl(STDIN_FILENO, TIOCGWINSZ, &now) == 0 &&
            (now.ws_col != editor->window.ws_col || now.ws_row != editor->window.ws_row)) {
            editor->window = now;
            el_resize(edit);
        }
        const size_t used = mbrtowc(out, &byte, 1, &state);
        if (used == (size_t)-2) continue;
        if (used == (size_t)-1) {
            memset(&state, 0, sizeof state);
            continue;
        }
        return 1;
    }
}

/* Everything up to the end mark of a paste, as it is: a line break does not end the line. */
static unsigned char take_paste(EditLine *edit, int key)
{
    static const wchar_t end[] = L"\033[201~";
    enum { N_END = 6 };
    wchar_t text[512];
    size_t n = 0;
    size_t matched = 0;
    (void)key;
    while (matched < N_END && el_wgetc(edit, &text[n]) == 1) {
        if (text[n] == L'\r') text[n] = L'\n';
        matched = text[n] == end[matched] ? matched + 1 : text[n] == end[0] ? 1 : 0;
        n++;
        if (matched == 0 && n + N_END >= sizeof text / sizeof *text) {
            text[n] = 0;
            if (el_winsertstr(edit, text) != 0) break;
            n = 0;
        }
    }
    text[n >= matched ? n - matched : 0] = 0;
    (void)el_winsertstr(edit, text);
    return CC_REFRESH;
}

/* A line up or down inside of a text of several lines; else through the history. */
static unsigned char move_line(EditLine *edit, int step)
{
    const LineInfoW *line = el_wline(edit);
    const wchar_t *begin = line->cursor;
    while (begin > line->buffer && begin[-1] != L'\n') begin--;
    const wchar_t *target = NULL;
    if (step < 0 && begin > line->buffer) {
        target = begin - 1;
        while (target > line->buffer && target[-1] != L'\n') target--;
    } else if (step > 0) {
        for (const wchar_t *p = line->cursor; p < line->lastchar && !target; p++)
            if (*p == L'\n') target = p + 1;
    }
    if (!target) {
        el_push(edit, step < 0 ? "\020" : "\016"); /* Ctrl-P, Ctrl-N */
        return CC_NORM;
    }
    for (ptrdiff_t left = line->cursor - begin; left > 0; left--)
        if (target < line->lastchar && *target != L'\n') target++;
    (void)el_cursor(edit, (int)(target - line->cursor));
    return CC_CURSOR;
}

static unsigned char move_up(EditLine *edit, int key)
{
    (void)key;
    return move_line(edit, -1);
}

static unsigned char move_down(EditLine *edit, int key)
{
    (void)key;
    return move_line(edit, 1);
}

/* ---- completion ---- */

void line_choices_add(line_choices *choices, firn_str item)
{
    for (size_t i = 0; i < choices->n; i++)
        if (firn_str_equals(choices->items[i], item)) return;
    const firn_str copy = firn_arena_copy(choices->arena, item);
    firn_str *slot = copy.data ? firn_arena_push(choices->arena, &choices->items, &choices->n,
                                                 &choices->cap, sizeof *slot)
                               : NULL;
    if (slot) *slot = copy;
}

static size_t common_prefix(const line_choices *choices)
{
    size_t n = choices->items[0].len;
    for (size_t i = 1; i < choices->n; i++) {
        const firn_str item = choices->items[i];
        size_t k = 0;
        while (k < n && k < item.len && item.data[k] == choices->items[0].data[k]) k++;
        n = k;
    }
    /* not half a character */
    while (n > 0 && n < choices->items[0].len &&
           ((unsigned char)choices->items[0].data[n] & 0xC0) == 0x80)
        n--;
    return n;
}

/* In columns below the line, down first. */
static void print_choices(line_editor *editor, const line_choices *choices)
{
    int32_t width = 1;
    const size_t n = choices->n < MAX_SHOWN ? choices->n : MAX_SHOWN;
    for (size_t i = 0; i < n; i++) {
        const int32_t one = display_width(choices->items[i]);
        if (one > width) width = one;
    }
    const int32_t screen = editor->window.ws_col > 0 ? editor->window.ws_col : 80;
    const size_t n_columns = screen / (width + 2) > 0 ? (size_t)(screen / (width + 2)) : 1;
    const size_t n_rows = (n + n_columns - 1) / n_columns;
    leave_line(editor);
    for (size_t row = 0; row < n_rows; row++) {
        for (size_t i = row; i < n; i += n_rows) {
            const firn_str item = choices->items[i];
            printf("%.*s", FIRN_STR_ARG(item));
            for (int32_t pad = display_width(item); i + n_rows < n && pad < width + 2; pad++)
                fputc(' ', stdout);
        }
        fputc('\n', stdout);
    }
    if (choices->n > n) printf("... %zu more\n", choices->n - n);
    (void)fflush(stdout);
}

static void replace_word(EditLine *edit, firn_str word, firn_str by, firn_arena *arena)
{
    int n_characters = 0;
    const firn_str copy = firn_arena_copy(arena, by);
    if (!copy.data) return;
    for (size_t i = 0; i < word.len; i++)
        n_characters += ((unsigned char)word.data[i] & 0xC0) != 0x80;
    el_deletestr(edit, n_characters);
    (void)el_insertstr(edit, copy.data);
}

static bool is_blank_before(firn_str line, size_t cursor)
{
    size_t from = cursor;
    while (from > 0 && (line.data[from - 1] == ' ' || line.data[from - 1] == '\t')) from--;
    return from > 0 ? line.data[from - 1] == '\n' : true;
}

static unsigned char complete_word(EditLine *edit, int key)
{
    line_editor *editor = editor_of(edit);
    const LineInfo *info = el_line(edit);
    const firn_str line = {info->buffer, (size_t)(info->lastchar - info->buffer)};
    const size_t cursor = (size_t)(info->cursor - info->buffer);
    unsigned char done = CC_ERROR;
    (void)key;
    if (is_blank_before(line, cursor))
        return el_insertstr(edit, "    ") == 0 ? CC_REFRESH : CC_ERROR;
    line_choices choices = {.arena = firn_arena_create(NULL, 0), .word_from = cursor};
    if (!choices.arena) return CC_ERROR;
    const firn_str copy = firn_arena_copy(choices.arena, line);
    if (copy.data) editor->opts.complete(editor->opts.ctx, copy, cursor, &choices);
    if (choices.n > 0) {
        const firn_str word = firn_str_slice(copy, choices.word_from, cursor);
        const size_t n = common_prefix(&choices);
        const firn_str prefix = firn_str_slice(choices.items[0], 0, n);
        if (n > word.len || (n == word.len && !firn_str_equals(prefix, word))) {
            replace_word(edit, word, prefix, choices.arena);
            done = CC_REFRESH;
        } else if (choices.n > 1) {
            print_choices(editor, &choices);
            done = CC_REDISPLAY;
        }
    }
    firn_arena_destroy(choices.arena);
    return done;
}

/* ---- history ---- */

static void load_history(line_editor *editor)
{
    HistEvent event;
    struct stat st;
    const char *path = editor->opts.history_path;
    if (!path || stat(path, &st) != 0) return;
    (void)history(editor->past, &event, H_LOAD, path);
    /* the file is only added to; now and then what is beyond the size goes */
    if (st.st_size > MAX_HISTORY_FILE) (void)history(editor->past, &event, H_SAVE, path);
}

/* As libedit writes its file: what is not a visible ASCII character is \ooo. */
static void encode_entry(firn_buf *out, firn_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        const unsigned char c = (unsigned char)text.data[i];
        if (c > 0x20 && c < 0x7f && c != '\\')
            firn_buf_byte(out, c);
        else
            firn_buf_printf(out, "\\%03o", (unsigned)c);
    }
    firn_buf_byte(out, '\n');
}

/* One entry at the end of the file, so that several shells do not take each other's away. */
static void append_to_file(const line_editor *editor, firn_str text)
{
    static const char cookie[] = "_HiStOrY_V2_\n";
    struct stat st;
    firn_buf out;
    const char *path = editor->opts.history_path;
    const int fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd < 0) return;
    firn_buf_init(&out, NULL, 0);
    if (fstat(fd, &st) == 0 && st.st_size == 0) firn_buf_cstr(&out, cookie);
    encode_entry(&out, text);
    /* history is a convenience: a full disk must not keep anyone from working */
    const ssize_t done = out.status == FIRN_OK ? write(fd, out.data, out.len) : 0;
    (void)done;
    firn_buf_dispose(&out);
    (void)close(fd);
}

void line_editor_remember(line_editor *editor, firn_str text)
{
    HistEvent event;
    firn_buf line;
    if (text.len == 0) return;
    firn_buf_init(&line, NULL, text.len + 2);
    firn_buf_str(&line, text);
    firn_buf_byte(&line, 0);
    const bool is_same = line.status == FIRN_OK && history(editor->past, &event, H_FIRST) == 0 &&
                         strcmp(event.str, line.data) == 0;
    if (line.status == FIRN_OK && !is_same) {
        (void)history(editor->past, &event, H_ENTER, line.data);
        append_to_file(editor, text);
    }
    firn_buf_dispose(&line);
}

/* ---- open, read, close ---- */

/* By the wide interface: the narrow one copies the names and never frees them. */
static void bind_keys(EditLine *edit)
{
    (void)el_wset(edit, EL_ADDFN, L"firn-complete", L"complete the word", complete_word);
    (void)el_wset(edit, EL_ADDFN, L"firn-clear", L"clear the screen", clear_screen);
    (void)el_wset(edit, EL_ADDFN, L"firn-paste", L"take pasted text as it is", take_paste);
    (void)el_wset(edit, EL_ADDFN, L"firn-up", L"line up or back in the history", move_up);
    (void)el_wset(edit, EL_ADDFN, L"firn-down", L"line down or on in the history", move_down);
    static const char *const keys[][2] = {
        {"^I", "firn-complete"},       {"\\e[200~", "firn-paste"},
        {"\\e[A", "firn-up"},          {"\\eOA", "firn-up"},
        {"\\e[B", "firn-down"},        {"\\eOB", "firn-down"},
        {"^R", "em-inc-search-prev"},  {"\\e[1;5C", "em-next-word"},
        {"\\e[1;5D", "ed-prev-word"},  {"\\e[3~", "ed-delete-next-char"},
        {"\\e[H", "ed-move-to-beg"},   {"\\e[F", "ed-move-to-end"},
        {"^W", "ed-delete-prev-word"}, {"^L", "firn-clear"},
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        (void)el_set(edit, EL_BIND, keys[i][0], keys[i][1], NULL);
}

line_editor *line_editor_open(const line_editor_opts *opts, firn_arena *arena)
{
    HistEvent event;
    const char *term = getenv("TERM");
    line_editor *editor = firn_arena_alloc_zero(arena, sizeof *editor);
    if (!editor) return NULL;
    /* libedit counts characters by the locale; a system without one still types UTF-8 */
    if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        (void)setlocale(LC_CTYPE, "C.UTF-8");
    editor->opts = *opts;
    editor->is_plain = !term || strcmp(term, "dumb") == 0;
    editor->past = history_init();
    editor->edit = el_init("firn", stdin, stdout, stderr);
    if (!editor->past || !editor->edit) {
        line_editor_close(editor);
        return NULL;
    }
    firn_buf_init(&editor->text, NULL, 0);
    firn_buf_init(&editor->styles, NULL, MAX_PICTURE);
    firn_buf_init(&editor->drawing, NULL, MAX_PICTURE);
    (void)history(editor->past, &event, H_SETSIZE, opts->history_size);
    load_history(editor);
    (void)ioctl(STDIN_FILENO, TIOCGWINSZ, &editor->window);
    (void)el_set(editor->edit, EL_CLIENTDATA, editor);
    (void)el_set(editor->edit, EL_PROMPT, prompt_of);
    (void)el_set(editor->edit, EL_EDITOR, "emacs");
    (void)el_set(editor->edit, EL_HIST, history, editor->past);
    (void)el_set(editor->edit, EL_SIGNAL, 0);
    (void)el_set(editor->edit, EL_GETCFN, read_key);
    bind_keys(editor->edit);
    (void)el_source(editor->edit, NULL);
    return editor;
}

void line_editor_close(line_editor *editor)
{
    if (editor->edit) el_end(editor->edit);
    if (editor->past) history_end(editor->past);
    if (editor->nowhere) (void)fclose(editor->nowhere);
    firn_buf_dispose(&editor->text);
    firn_buf_dispose(&editor->styles);
    firn_buf_dispose(&editor->drawing);
}

/* The terminal marks pasted text while a line is read. */
static void mark_pastes(const line_editor *editor, const char *mode)
{
    if (editor->is_plain) return;
    fputs(mode, stdout);
    (void)fflush(stdout);
}

line_end line_editor_read(line_editor *editor, const char *prompt, firn_str *out)
{
    int n = 0;
    editor->prompt = prompt;
    editor->view = (line_view){0};
    mark_pastes(editor, "\033[?2004h");
    /* before the prompt is there, so that a key at once is a key */
    (void)el_set(editor->edit, EL_PREP_TERM, 1);
    const char *line = el_gets(editor->edit, &n);
    mark_pastes(editor, "\033[?2004l");
    if (!line && app_was_interrupted()) {
        leave_line(editor);
        return LINE_INTERRUPTED;
    }
    if (!line || n <= 0) return LINE_EOF;
    if (editor->is_painted) {
        const firn_str typed = {line, (size_t)n};
        draw_line(editor, firn_str_slice(typed, 0, typed.len - (line[n - 1] == '\n')), SIZE_MAX);
        leave_line(editor);
    }
    firn_buf_clear(&editor->text);
    firn_buf_append(&editor->text, line, (size_t)n);
    *out = firn_buf_view(&editor->text);
    return LINE_READ;
}
