/* SPDX-License-Identifier: Apache-2.0 */
/* firn completion: a script that makes the shell complete firn's commands, options and tables. It
 * is written from the tables of commands and options, so that it knows what they know; names of
 * tables are asked for when the key is pressed. */
#include <string.h>

#include "app.h"
#include "base/str.h"
#include "iceberg/maintain/procedures/procedure.h"
#include "table_actions.h"

static const app_option k_options[] = {{NULL, 0, NULL, NULL}};

static const char k_head[] =
    "# firn: completion of commands, options, formats and tables. Load it with\n"
    "#   eval \"$(firn completion bash)\"\n"
    "_firn() {\n"
    "    local cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
    "    local command=\"\" home=\"\" action=\"\" words=\"\" i\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        case \"${COMP_WORDS[i]}\" in\n"
    "        --home) home=\"${COMP_WORDS[i+1]}\"; ((i++)) ;;\n"
    "        -o | --error-format) ((i++)) ;;\n"
    "        -*) ;;\n"
    "        *) if [ -z \"$command\" ]; then command=\"${COMP_WORDS[i]}\"\n"
    "           elif [ -z \"$action\" ]; then action=\"${COMP_WORDS[i]}\"; fi ;;\n"
    "        esac\n"
    "    done\n"
    "    COMPREPLY=()\n"
    "    case \"$command:$prev\" in\n"
    "    *:--home) COMPREPLY=($(compgen -d -- \"$cur\")); return ;;\n"
    "    *:--error-format) COMPREPLY=($(compgen -W \"json\" -- \"$cur\")); return ;;\n";

static const char k_tail[] =
    "    esac\n"
    "    case \"$cur\" in\n"
    "    -*) COMPREPLY=($(compgen -W \"$words --help\" -- \"$cur\")); return ;;\n"
    "    esac\n"
    "    case \"$command:$action\" in\n"
    "    table: | maintain:* | doctor: | changes: | table:*)\n"
    "        [ \"$command:$action\" = table: ] && return\n"
    "        COMPREPLY=($(compgen -W \"$(firn ${home:+--home \"$home\"} table list 2>/dev/null)\" "
    "-- \"$cur\")) ;;\n"
    "    esac\n"
    "}\n"
    "complete -o default -F _firn firn\n";

/* The words of "box, csv or json; default: box": what stands before the semicolon. */
static void put_values(firn_buf *out, const char *help)
{
    firn_str text = firn_str_of(help);
    text = firn_str_split(&text, ';');
    while (text.len > 0) {
        firn_str word = firn_str_split(&text, ' ');
        if (firn_str_ends_with(word, FIRN_STR(","))) word.len--;
        if (firn_str_equals(word, FIRN_STR("or"))) continue;
        firn_buf_printf(out, "%.*s ", FIRN_STR_ARG(word));
    }
}

/* Options with a value: formats by name, the rest files. */
static void put_value_cases(firn_buf *out, const app_command *command)
{
    for (const app_option *o = command->options; o->name; o++) {
        if (!o->value) continue;
        firn_buf_printf(out, "    %s:--%s", command->name, o->name);
        if (o->letter) firn_buf_printf(out, " | %s:-%c", command->name, o->letter);
        if (strcmp(o->value, "FORMAT") == 0) {
            firn_buf_cstr(out, ") COMPREPLY=($(compgen -W \"");
            put_values(out, o->help);
            firn_buf_cstr(out, "\" -- \"$cur\")); return ;;\n");
        } else {
            firn_buf_cstr(out, ") return ;;\n");
        }
    }
}

static void put_words(firn_buf *out, const app_command *command)
{
    firn_buf_printf(out, "    %s) words=\"", command->name);
    for (const app_option *o = command->options; o->name; o++)
        firn_buf_printf(out, "--%s ", o->name);
    firn_buf_cstr(out, "\" ;;\n");
}

static void put_actions(firn_buf *out)
{
    const char *name;
    const firn_procedure *procedure;
    firn_buf_cstr(out, "    if [ \"$command\" = table ] && [ -z \"$action\" ] && [ \"${cur#-}\" = "
                       "\"$cur\" ]; then\n        COMPREPLY=($(compgen -W \"");
    for (size_t i = 0; (name = table_verb_name(i)) != NULL; i++) firn_buf_printf(out, "%s ", name);
    for (size_t i = 0; (procedure = firn_procedure_at(i)) != NULL; i++)
        firn_buf_printf(out, "%s ", procedure->name);
    firn_buf_cstr(out, "\" -- \"$cur\"))\n        return\n    fi\n");
}

static void put_script(firn_buf *out)
{
    const app_command *command;
    firn_buf_cstr(out, k_head);
    for (size_t i = 0; (command = app_command_at(i)) != NULL; i++) put_value_cases(out, command);
    firn_buf_cstr(out, "    esac\n    if [ -z \"$command\" ]; then\n        COMPREPLY=($(compgen "
                       "-W \"");
    for (size_t i = 0; (command = app_command_at(i)) != NULL; i++)
        firn_buf_printf(out, "%s ", command->name);
    firn_buf_cstr(out, "--home -o --error-format --help --version\" -- \"$cur\"))\n        return\n"
                       "    fi\n");
    put_actions(out);
    firn_buf_cstr(out, "    case \"$command\" in\n");
    for (size_t i = 0; (command = app_command_at(i)) != NULL; i++) put_words(out, command);
    firn_buf_cstr(out, k_tail);
}

static int run(app *a, const app_args *args)
{
    firn_buf out;
    (void)a;
    const char *shell = args->n_words == 1 ? args->words[0] : "";
    const bool is_zsh = strcmp(shell, "zsh") == 0;
    if (!is_zsh && strcmp(shell, "bash") != 0) {
        fprintf(stderr,
                "error: completion needs bash or zsh, found \"%s\"\n"
                "hint: firn completion bash > ~/.local/share/bash-completion/completions/"
                "firn\n",
                shell);
        return APP_USAGE;
    }
    firn_buf_init(&out, NULL, 1 << 20);
    /* zsh has the functions of bash for this */
    if (is_zsh)
        firn_buf_cstr(&out, "autoload -Uz compinit bashcompinit\n"
                            "whence compdef >/dev/null || compinit\nbashcompinit\n");
    put_script(&out);
    const bool is_written = out.status == FIRN_OK &&
                            fwrite(out.data, 1, out.len, stdout) == out.len && fflush(stdout) == 0;
    firn_buf_dispose(&out);
    return is_written ? APP_OK : APP_FAILED;
}

const app_command app_command_completion = {
    "completion",
    "bash|zsh",
    "print a script that completes commands and tables",
    "For bash, put the line eval \"$(firn completion bash)\" into ~/.bashrc, or the script into\n"
    "~/.local/share/bash-completion/completions/firn. For zsh, eval \"$(firn completion zsh)\" "
    "into\n"
    "~/.zshrc.\n",
    k_options,
    run,
    "firn completion bash >firn.bash"};
