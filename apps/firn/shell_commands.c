/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of the shell: one table with all their names, and those that only change how the shell
 * behaves. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "child_command.h"
#include "shell.h"
#include "sql/session/sql_session.h"

typedef struct call {
    shell *sh;
    const char *name;   /* as it was typed */
    const char *arg;    /* the rest of the line; quotes around all of it are gone */
    const char *buffer; /* the statement before it, or "" */
} call;

typedef struct command {
    const char *names; /* ".mode \\format": the first is the one in help */
    const char *usage;
    const char *help;
    int (*run)(const call *c);
    bool takes_buffer; /* the statement before it is over */
} command;

/* ---- switches ---- */

/* "on", "off", or nothing to turn it around. */
static int set_switch(const call *c, bool *value, const char *what)
{
    if (!*c->arg)
        *value = !*value;
    else if (strcmp(c->arg, "on") == 0 || strcmp(c->arg, "off") == 0)
        *value = strcmp(c->arg, "on") == 0;
    else
        return shell_complain(c->sh, NULL, "%s needs on or off, found \"%s\"", c->name, c->arg);
    if (c->sh->is_interactive) printf("%s: %s\n", what, *value ? "on" : "off");
    return APP_OK;
}

static int run_timer(const call *c)
{
    return set_switch(c, &c->sh->has_timer, "timing");
}

static int run_pager(const call *c)
{
    return set_switch(c, &c->sh->output.has_pager, "pager");
}

/* A terminal that cannot stays without, which the next prompt finds out. */
static int run_highlight(const call *c)
{
    return set_switch(c, &c->sh->is_highlighted, "highlighting");
}

static int run_bail(const call *c)
{
    bool ends = !c->sh->keeps_going;
    const int status = set_switch(c, &ends, "end at the first failure");
    c->sh->keeps_going = !ends;
    return status;
}

static int run_expanded(const call *c)
{
    bool is_on = c->sh->expanded == SHELL_EXPANDED_ON;
    if (strcmp(c->arg, "auto") == 0) {
        c->sh->expanded = SHELL_EXPANDED_AUTO;
        if (c->sh->is_interactive) printf("a value a line: where a box is too wide\n");
        return APP_OK;
    }
    const int status = set_switch(c, &is_on, "a value a line");
    c->sh->expanded = is_on ? SHELL_EXPANDED_ON : SHELL_EXPANDED_OFF;
    return status;
}

/* ---- output ---- */

static int run_mode(const call *c)
{
    firn_str rest = firn_str_of(c->arg);
    const firn_str format = firn_arena_copy(c->sh->a->arena, firn_str_split(&rest, ' '));
    const firn_str table = firn_arena_copy(c->sh->a->arena, firn_str_trim(rest));
    if (!format.data || !table.data) return APP_FAILED;
    if (!*c->arg) {
        printf("%s\n", render_format_name(c->sh->render.format));
        return APP_OK;
    }
    if (!render_format_parse(format.data, &c->sh->render.format))
        return shell_complain(c->sh, RENDER_FORMATS, "%s: unknown format \"%s\"", c->name,
                              format.data);
    c->sh->render.table_name = table.len > 0 ? table.data : NULL;
    return APP_OK;
}

static int run_rows(const call *c)
{
    int64_t n = 0;
    if (!firn_str_to_i64(firn_str_of(c->arg), &n) || n < 0)
        return shell_complain(c->sh, "0 shows all rows", "%s needs a number, found \"%s\"", c->name,
                              c->arg);
    c->sh->render.max_rows = n;
    return APP_OK;
}

static int run_null(const call *c)
{
    const firn_str text = firn_arena_copy(c->sh->a->arena, firn_str_of(c->arg));
    c->sh->render.null_text = text.data;
    return text.data ? APP_OK : APP_FAILED;
}

static int choose_output(const call *c, bool is_once)
{
    firn_error err = {0};
    if (is_once && !*c->arg)
        return shell_complain(c->sh, NULL, "%s needs a file or |command", c->name);
    if (shell_output_choose(&c->sh->output, c->arg, is_once, &err) == FIRN_OK) return APP_OK;
    return app_print_error(c->sh->a, &err, NULL);
}

static int run_output(const call *c)
{
    return choose_output(c, false);
}

static int run_once(const call *c)
{
    return choose_output(c, true);
}

static int run_print(const call *c)
{
    FILE *out = shell_output_is_screen(&c->sh->output) ? stdout : c->sh->output.target;
    fprintf(out, "%s\n", c->arg);
    (void)fflush(out);
    return APP_OK;
}

/* ---- variables ---- */

static int run_set(const call *c)
{
    shell_variables *v = &c->sh->variables;
    firn_error err = {0};
    firn_str rest = firn_str_of(c->arg);
    const firn_str name = firn_str_split(&rest, ' ');
    firn_str value = firn_str_trim(rest);
    if (name.len == 0) {
        for (size_t i = 0; i < v->n; i++)
            printf("%.*s = '%.*s'\n", FIRN_STR_ARG(v->items[i].key),
                   FIRN_STR_ARG(v->items[i].value));
        return APP_OK;
    }
    if (value.len >= 2 && value.data[0] == '\'' && value.data[value.len - 1] == '\'')
        value = firn_str_slice(value, 1, value.len - 1);
    if (shell_variable_set(v, name, value.len > 0 ? value : FIRN_STR(""), &err) == FIRN_OK)
        return APP_OK;
    return shell_complain(c->sh, NULL, "%s", err.message);
}

static int run_unset(const call *c)
{
    shell_variable_unset(&c->sh->variables, firn_str_of(c->arg));
    return APP_OK;
}

/* ---- what is there ---- */

static int run_tables(const call *c)
{
    return shell_list_relations(c->sh, strcmp(c->name, "\\dt") == 0 ? "BASE TABLE" : "", c->arg);
}

static int run_views(const call *c)
{
    return shell_list_relations(c->sh, "VIEW", c->arg);
}

static int run_namespaces(const call *c)
{
    return shell_list_namespaces(c->sh, c->arg);
}

static int run_catalogs(const call *c)
{
    return shell_run_statement(c->sh, "SHOW CATALOGS");
}

static int run_functions(const call *c)
{
    return shell_list_functions(c->sh, c->arg);
}

/* before and after: of the command's argument in the statement. */
static int run_statement_on(const call *c, const char *before, const char *after)
{
    if (!*c->arg) return shell_complain(c->sh, ".tables lists them", "%s needs a name", c->name);
    const firn_str text = firn_arena_printf(c->sh->a->arena, "%s%s%s", before, c->arg, after);
    return text.data ? shell_run_statement(c->sh, text.data) : APP_FAILED;
}

static int run_describe(const call *c)
{
    if (!*c->arg) return shell_list_relations(c->sh, "", "");
    return shell_describe(c->sh, c->arg);
}

static int run_describe_more(const call *c)
{
    if (!*c->arg) return shell_list_relations(c->sh, "", "");
    const firn_str name = firn_arena_printf(c->sh->a->arena, "EXTENDED %s", c->arg);
    return name.data ? shell_describe(c->sh, name.data) : APP_FAILED;
}

static int run_snapshots(const call *c)
{
    return run_statement_on(c, "SELECT committed_at, snapshot_id, parent_id, operation FROM ",
                            ".snapshots ORDER BY committed_at");
}

static int run_schema(const call *c)
{
    return shell_show_schema(c->sh, c->arg);
}

static int run_use(const call *c)
{
    return run_statement_on(c, "USE ", "");
}

/* ---- running things ---- */

static int run_go(const call *c)
{
    return shell_go(c->sh, c->buffer, c->arg);
}

static int run_go_expanded(const call *c)
{
    return shell_go_expanded(c->sh, c->buffer, c->arg);
}

static int run_go_set(const call *c)
{
    return shell_go_set(c->sh, c->buffer, c->arg);
}

static int run_watch(const call *c)
{
    return shell_watch(c->sh, c->buffer, c->arg);
}

static int run_edit(const call *c)
{
    return shell_edit(c->sh, c->buffer, c->arg);
}

static int run_show_buffer(const call *c)
{
    const char *text = *c->buffer ? c->buffer : c->sh->last.len > 0 ? c->sh->last.data : "";
    printf("%s\n", text);
    return APP_OK;
}

static int run_reset(const call *c)
{
    firn_buf_clear(&c->sh->last);
    return APP_OK;
}

static int run_write(const call *c)
{
    if (!*c->arg) return shell_complain(c->sh, NULL, "%s needs a file", c->name);
    return shell_write_buffer(c->sh, c->buffer, c->arg);
}

static int run_read(const call *c)
{
    if (!*c->arg) return shell_complain(c->sh, NULL, "%s needs a file", c->name);
    const int status = shell_run_file(c->sh, c->arg);
    return status == APP_USAGE ? APP_FAILED : status;
}

static int run_shell(const call *c)
{
    firn_error err = {0};
    pid_t pid = 0;
    (void)fflush(stdout);
    if (spawn_command(*c->arg ? c->arg : "exec \"${SHELL:-sh}\"", -1, &pid, &err) != FIRN_OK)
        return app_print_error(c->sh->a, &err, NULL);
    return spawn_wait(pid) == 0 ? APP_OK : APP_FAILED;
}

static int run_cd(const call *c)
{
    firn_error err = {0};
    const char *folder = *c->arg ? c->arg : getenv("HOME");
    if (folder && chdir(folder) == 0) return APP_OK;
    (void)firn_fail_errno(&err, errno, "cannot go to %s", folder ? folder : "home");
    return app_print_error(c->sh->a, &err, NULL);
}

static int run_quit(const call *c)
{
    int64_t status = 0;
    if (*c->arg && (!firn_str_to_i64(firn_str_of(c->arg), &status) || status < 0 || status > 255))
        return shell_complain(c->sh, NULL, "%s takes a status from 0 to 255, found \"%s\"", c->name,
                              c->arg);
    c->sh->is_leaving = true;
    c->sh->leave_status = (int)status;
    return APP_OK;
}

static int run_show(const call *c)
{
    const shell *sh = c->sh;
    static const char *const expanded[] = {"off", "on", "auto"};
    const firn_ident ns = firn_session_namespace(sh->session);
    printf("catalog    %.*s\nnamespace  ",
           FIRN_STR_ARG(firn_catalog_name(firn_session_catalog(sh->session))));
    for (size_t i = 0; i < ns.n_levels; i++)
        printf("%s%.*s", i > 0 ? "." : "", FIRN_STR_ARG(ns.levels[i]));
    printf("\nhome       %.*s\ndialect    %s\nmode       %s\nexpanded   %s\nrows       %lld\n"
           "null       %s\ntimer      %s\nbail       %s\npager      %s\nhighlight  %s\n",
           FIRN_STR_ARG(firn_home_path(sh->a->home)),
           firn_dialect_name(firn_session__dialect(sh->session)),
           render_format_name(sh->render.format), expanded[sh->expanded],
           (long long)sh->render.max_rows, sh->render.null_text ? sh->render.null_text : "",
           sh->has_timer ? "on" : "off", sh->keeps_going ? "off" : "on",
           sh->output.has_pager ? "on" : "off", sh->is_highlighted ? "on" : "off");
    return APP_OK;
}

/* ---- the table ---- */

static int run_help(const call *c); /* prints the table that it is in */

static const command k_commands[] = {
    {".help \\? \\h", "[COMMAND]", "this list, or one of it", run_help, false},
    {".quit .exit \\q", "[STATUS]", "leave; Ctrl-D too", run_quit, true},
    {".tables", "[PATTERN]", "tables and views; * and ? in patterns", run_tables, false},
    {"\\dt", "[PATTERN]", "tables only", run_tables, false},
    {".views \\dv", "[PATTERN]", "views", run_views, false},
    {".schemas \\dn", "[PATTERN]", "namespaces", run_namespaces, false},
    {".catalogs .databases \\l", "", "catalogs", run_catalogs, false},
    {".functions \\df", "[PATTERN]", "functions with their arguments", run_functions, false},
    {".describe \\d", "[TABLE]", "columns of a table; without one: what there is", run_describe,
     false},
    {"\\d+", "TABLE", "columns, partitioning, location, properties", run_describe_more, false},
    {".schema", "[PATTERN]", "statements that make the tables and views", run_schema, false},
    {".snapshots", "TABLE", "snapshots of a table", run_snapshots, false},
    {".use \\c", "NAMESPACE", "names without a namespace mean this one", run_use, false},
    {".mode", "[FORMAT [TABLE]]", RENDER_FORMATS "; TABLE is for insert", run_mode, false},
    {".x \\x", "[on|off|auto]", "a value a line; auto: where a box is too wide", run_expanded,
     false},
    {".rows", "N", "rows a box shows at most, 0: all", run_rows, false},
    {".nullvalue", "TEXT", "text for null", run_null, false},
    {".timer .timing \\timing", "[on|off]", "time and what was read after each statement",
     run_timer, false},
    {".pager", "[on|off]", "long results through FIRN_PAGER, PAGER or less", run_pager, false},
    {".highlight", "[on|off]", "colours and matching brackets while a statement is typed",
     run_highlight, false},
    {".output \\o", "[FILE|'|'COMMAND]", "results go there; without one: back to the screen",
     run_output, false},
    {".once", "FILE|'|'COMMAND", "the next result goes there", run_once, false},
    {".read \\i", "FILE", "run the statements and commands of a file", run_read, false},
    {".print \\echo", "TEXT", "print it", run_print, false},
    {".edit \\e", "[FILE]", "the last statement, or a file, in EDITOR; then run it", run_edit,
     true},
    {"\\g", "[FILE|'|'COMMAND]", "run the statement before it, or the last one again", run_go,
     true},
    {"\\G \\gx", "", "the same, a value a line", run_go_expanded, true},
    {"\\gset", "[PREFIX]", "the same, its one row into variables", run_go_set, true},
    {".watch \\watch", "[SECONDS] [c=RUNS]", "the same, again and again until Ctrl-C", run_watch,
     true},
    {"\\p", "", "print the statement", run_show_buffer, false},
    {"\\r", "", "forget the statement", run_reset, true},
    {"\\w", "FILE", "write the statement to a file", run_write, false},
    {".set \\set", "[NAME [VALUE]]", "set a variable; without a name: list them", run_set, false},
    {".unset \\unset", "NAME", "forget a variable", run_unset, false},
    {".bail", "[on|off]", "leave at the first failure", run_bail, false},
    {".show", "", "how the shell is set", run_show, false},
    {".shell \\!", "[COMMAND]", "run a command of the system", run_shell, false},
    {".cd \\cd", "[FOLDER]", "change the folder that file names begin in", run_cd, false},
    {NULL, NULL, NULL, NULL, false},
};

/* ---- help ---- */

/* Name number n of a command, 0 the first; len 0: it has no more. */
static firn_str name_of(const command *of, size_t n)
{
    firn_str names = firn_str_of(of->names);
    firn_str name = firn_str_split(&names, ' ');
    for (; n > 0; n--) name = firn_str_split(&names, ' ');
    return name;
}

static const command *find_command(firn_str name)
{
    for (const command *c = k_commands; c->names; c++) {
        firn_str one;
        for (size_t n = 0; (one = name_of(c, n)).len > 0; n++)
            if (firn_str_equals(one, name)) return c;
    }
    return NULL;
}

static void print_command(const command *c)
{
    char left[64];
    const firn_str first = name_of(c, 0);
    firn_str others = firn_str_slice(firn_str_of(c->names), first.len + 1, SIZE_MAX);
    (void)snprintf(left, sizeof left, "%.*s %s", FIRN_STR_ARG(first), c->usage);
    printf("%-28s %s", left, c->help);
    if (others.len > 0) printf(" (also %.*s)", FIRN_STR_ARG(others));
    printf("\n");
}

static int run_help(const call *c)
{
    if (*c->arg) {
        const bool is_bare = *c->arg != '.' && *c->arg != '\\';
        const firn_str name =
            firn_arena_printf(c->sh->a->arena, "%s%s", is_bare ? "." : "", c->arg);
        const command *found = find_command(name);
        if (!found) return shell_complain(c->sh, ".help lists them", "no command %s", c->arg);
        print_command(found);
        return APP_OK;
    }
    for (const command *one = k_commands; one->names; one++) print_command(one);
    printf(
        "\nA statement ends with a semicolon, or with \\g, \\G, \\gset or \\watch. :name, :'name' "
        "and\n:\"name\" are replaced by variables. Tab completes, Ctrl-R searches, Ctrl-C "
        "cancels.\n");
    return APP_OK;
}

firn_str shell_command_name(size_t i)
{
    for (const command *c = k_commands; c->names; c++) {
        firn_str one;
        for (size_t n = 0; (one = name_of(c, n)).len > 0; n++)
            if (i-- == 0) return one;
    }
    return FIRN_STR("");
}

/* ---- running one ---- */

static int complain_unknown(const shell *sh, firn_str name)
{
    char hint[96] = ".help lists the commands";
    for (const command *c = k_commands; c->names; c++) {
        firn_str one;
        for (size_t n = 0; (one = name_of(c, n)).len > 0; n++) {
            if (one.len > 2 && firn_str_distance(one, name, 2) <= 2)
                (void)snprintf(hint, sizeof hint, "did you mean %.*s? .help lists the commands",
                               FIRN_STR_ARG(one));
        }
    }
    return shell_complain(sh, hint, "unknown command %.*s", FIRN_STR_ARG(name));
}

/* The rest of the line with variables replaced, without quotes around all of it and, as SQL has
 * taught people, without a semicolon at the end. */
static const char *argument_of(shell *sh, firn_str text)
{
    firn_error err = {0};
    firn_buf out;
    firn_buf_init(&out, NULL, FIRN_LIMIT_SQL_TEXT);
    const firn_status st = shell_variables_expand(&sh->variables, text,
                                                  firn_session__dialect(sh->session), &out, &err);
    firn_str arg = st == FIRN_OK ? firn_str_trim(firn_buf_view(&out)) : FIRN_STR("");
    while (firn_str_ends_with(arg, FIRN_STR(";")))
        arg = firn_str_trim(firn_str_slice(arg, 0, arg.len - 1));
    char mark = '\0';
    if (arg.len >= 2) mark = arg.data[0];
    const bool is_quoted = (mark == '\'' || mark == '"') && arg.data[arg.len - 1] == mark &&
                           firn_str_find(arg, (firn_str){&mark, 1}, 1) == arg.len - 1;
    if (is_quoted && mark == '\'') arg = firn_str_slice(arg, 1, arg.len - 1);
    const char *copy = firn_arena_copy(sh->a->arena, arg).data;
    firn_buf_dispose(&out);
    return copy;
}

int shell_run_command(shell *sh, firn_str line, const char *buffer, bool *takes_buffer)
{
    size_t end = 1;
    while (end < line.len && !strchr(" \t\r\n;", line.data[end])) end++;
    /* "\!ls" and "\watch;" are words of their own */
    if (line.len > 1 && line.data[1] == '!') end = 2;
    const firn_str name = firn_arena_copy(sh->a->arena, firn_str_slice(line, 0, end));
    const char *arg = argument_of(sh, firn_str_slice(line, end, line.len));
    if (!name.data || !arg) return APP_FAILED;
    const command *found = find_command(name);
    *takes_buffer = !found || found->takes_buffer;
    if (!found) return complain_unknown(sh, name);
    const call c = {.sh = sh, .name = name.data, .arg = arg, .buffer = buffer};
    return found->run(&c);
}
