/* SPDX-License-Identifier: Apache-2.0 */
/* firn: the command line. Global options, then one command. */
#include <signal.h>
#include <string.h>

#include "app.h"
#include "base/nearest.h"
#include "base/str.h"

static const app_command *const k_commands[] = {
    &app_command_init,     &app_command_cat,    &app_command_inspect, &app_command_generate,
    &app_command_plan,     &app_command_run,    &app_command_sql,     &app_command_table,
    &app_command_maintain, &app_command_doctor, &app_command_changes, &app_command_completion,
    &app_command_version,
};
enum { N_COMMANDS = sizeof k_commands / sizeof k_commands[0], MAX_SETTINGS = 64 };

const app_command *app_command_at(size_t i)
{
    return i < N_COMMANDS ? k_commands[i] : NULL;
}

static void print_help(FILE *out)
{
    fprintf(out, "firn " FIRN_VERSION " - Iceberg tables, SQL and pipelines in one program\n\n"
                 "usage: firn [--home DIR] [-o KEY=VALUE] COMMAND ...\n\ncommands:\n");
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(out, "  %-10s %s\n", k_commands[i]->name, k_commands[i]->summary);
    fprintf(
        out,
        "\nglobal options:\n"
        "  --home DIR          catalog, tables and firn.yaml live here; default: FIRN_HOME, the\n"
        "                      current folder if it has a firn.yaml, else ~/.firn\n"
        "  -o KEY=VALUE        set a configuration key, e.g. -o threads=1\n"
        "  --error-format=json errors as one JSON object on stderr\n"
        "  --help, --version\n"
        "\n'firn COMMAND --help' tells more.\n");
}

static const app_command *find_command(const char *name)
{
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (strcmp(k_commands[i]->name, name) == 0) return k_commands[i];
    }
    return NULL;
}

static int unknown_command(const char *name)
{
    fprintf(stderr, "error: unknown command %s\n", name);
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (firn_str_distance(firn_str_of(name), firn_str_of(k_commands[i]->name), 2) <= 2)
            fprintf(stderr, "hint: did you mean '%s'?\n", k_commands[i]->name);
    }
    fprintf(stderr, "hint: 'firn --help' lists the commands\n");
    return APP_USAGE;
}

/* A mistyped key would change nothing, and nobody would know. */
static bool is_known_key(firn_str key, firn_nearest *nearest)
{
    static const char *const k_keys[] = {"default-catalog", "threads",    "memory",     "log-level",
                                         "cache.memory",    "cache.disk", "cache.pages"};
    static const char *const k_ends[] = {".type", ".uri", ".warehouse"};
    for (size_t i = 0; i < sizeof k_keys / sizeof *k_keys; i++) {
        if (firn_str_equals(key, firn_str_of(k_keys[i]))) return true;
        firn_nearest_try(nearest, firn_str_of(k_keys[i]));
    }
    for (size_t i = 0; i < sizeof k_ends / sizeof *k_ends; i++) {
        if (firn_str_starts_with(key, FIRN_STR("catalog.")) &&
            firn_str_ends_with(key, firn_str_of(k_ends[i])))
            return true;
    }
    return false;
}

/* "key=value" of -o; false with a message when it is something else. */
static bool add_setting(app *a, const char *text, firn_property *settings)
{
    const char *equals = strchr(text, '=');
    if (!equals) {
        fprintf(stderr, "error: -o needs key=value, found \"%s\"\n", text);
        return false;
    }
    const firn_str key = {text, (size_t)(equals - text)};
    firn_nearest nearest = firn_nearest_of(key);
    if (!is_known_key(key, &nearest)) {
        fprintf(stderr, "error: there is no configuration key %.*s\n", FIRN_STR_ARG(key));
        if (nearest.best.len > 0)
            fprintf(stderr, "hint: did you mean %.*s?\n", FIRN_STR_ARG(nearest.best));
        return false;
    }
    settings[a->n_settings++] = (firn_property){key, firn_str_of(equals + 1)};
    return true;
}

/* Value of "--name value" or "--name=value" at argv[*i], NULL if it is another option. */
static const char *global_value(int argc, char **argv, int *i, const char *name)
{
    const size_t n = strlen(name);
    if (!argv[*i] || strncmp(argv[*i], name, n) != 0) return NULL;
    if (argv[*i][n] == '=') return argv[*i] + n + 1;
    if (argv[*i][n] || *i + 1 >= argc) return NULL;
    ++*i;
    return argv[*i];
}

/* Consumes global options; returns the index of the command, or -1 with *status set. */
static int parse_globals(app *a, int argc, char **argv, firn_property *settings, int *status)
{
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        const char *value;
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            print_help(stdout);
            *status = APP_OK;
            return -1;
        }
        if (strcmp(argv[i], "--version") == 0) {
            printf("firn %s\n", firn_version());
            *status = APP_OK;
            return -1;
        }
        if ((value = global_value(argc, argv, &i, "--home")) != NULL) {
            a->home_path = value;
        } else if ((value = global_value(argc, argv, &i, "-o")) != NULL &&
                   a->n_settings < MAX_SETTINGS) {
            if (!add_setting(a, value, settings)) {
                *status = APP_USAGE;
                return -1;
            }
        } else if ((value = global_value(argc, argv, &i, "--error-format")) != NULL) {
            a->is_error_json = strcmp(value, "json") == 0;
        } else {
            fprintf(stderr, "error: unknown or incomplete option %s\nhint: see 'firn --help'\n",
                    argv[i]);
            *status = APP_USAGE;
            return -1;
        }
    }
    if (i == argc) {
        print_help(stderr);
        *status = APP_USAGE;
        return -1;
    }
    return i;
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
    }
    return false;
}

int main(int argc, char **argv)
{
    firn_property settings[MAX_SETTINGS];
    app a;
    app_args args;
    int status = APP_USAGE;

    signal(SIGPIPE, SIG_DFL); /* "firn sql ... | head" ends quietly */
    memset(&a, 0, sizeof a);
    a.settings = settings;
    a.arena = firn_arena_create(NULL, 0);
    if (!a.arena) return APP_FAILED;
    const int at = parse_globals(&a, argc, argv, settings, &status);
    if (at >= 0) {
        const app_command *command = find_command(argv[at]);
        if (!command) {
            status = unknown_command(argv[at]);
        } else if (wants_help(argc - at - 1, argv + at + 1)) {
            app_print_command_help(command, stdout);
            status = APP_OK;
        } else if (app_args_parse(command, argc - at - 1, argv + at + 1, &args)) {
            status = command->run(&a, &args);
        }
    }
    app_close(&a);
    return status;
}
