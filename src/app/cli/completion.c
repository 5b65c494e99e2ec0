/* The completion script of bash, from the same tables as --help. */
#include <string.h>

#include "cli/cli.h"

static void add_option_names(const gm_option *o, gm_text *out)
{
    for (; o->name; o++)
        gm_text_addf(out, " %s%s", o->name[1] ? "--" : "-", o->name);
}

static void add_noun(const gm_commands *c, size_t first, gm_text *out)
{
    const char *noun = c->verbs[first]->noun;
    for (size_t i = 0; i < first; i++)
        if (strcmp(c->verbs[i]->noun, noun) == 0) return; /* said before */
    gm_text_addf(out, "        '%s ') words='", noun);
    for (size_t i = first; i < c->n; i++)
        if (strcmp(c->verbs[i]->noun, noun) == 0) gm_text_addf(out, "%s ", c->verbs[i]->name);
    gm_text_add(out, "' ;;\n");
}

static void add_nouns(const gm_commands *c, gm_text *out)
{
    gm_text_add(out, "        ' ') words='help completion ");
    for (size_t i = 0; i < c->n; i++)
        if (i == 0 || strcmp(c->verbs[i]->noun, c->verbs[i - 1]->noun) != 0)
            gm_text_addf(out, "%s ", c->verbs[i]->noun);
    gm_text_add(out, "' ;;\n");
}

void gm_help_bash_completion(const gm_commands *c, gm_text *out)
{
    gm_text_add(out, "# bash completion of gemel; made by `gemel completion bash`\n"
                     "_gemel() {\n"
                     "    local current=${COMP_WORDS[COMP_CWORD]} words= options= noun= verb= i\n"
                     "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                     "        case ${COMP_WORDS[i]} in -*) continue ;; esac\n"
                     "        if [ -z \"$noun\" ]; then noun=${COMP_WORDS[i]}\n"
                     "        elif [ -z \"$verb\" ]; then verb=${COMP_WORDS[i]}; fi\n"
                     "    done\n"
                     "    case \"$noun $verb\" in\n");
    add_nouns(c, out);
    gm_text_add(out, "        'completion ') words='bash' ;;\n");
    for (size_t i = 0; i < c->n; i++)
        add_noun(c, i, out);
    for (size_t i = 0; i < c->n; i++) {
        gm_text_addf(out, "        '%s %s') options='", c->verbs[i]->noun, c->verbs[i]->name);
        add_option_names(c->verbs[i]->options, out);
        gm_text_add(out, "' ;;\n");
    }
    gm_text_add(out, "    esac\n    options=\"$options");
    add_option_names(gm_global_options, out);
    gm_text_add(out, "\"\n"
                     "    case $current in\n"
                     "        -*) COMPREPLY=($(compgen -W \"$options\" -- \"$current\")) ;;\n"
                     "        *) COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
                     "           [ -n \"$verb\" ] && COMPREPLY=($(compgen -f -- \"$current\")) ;;\n"
                     "    esac\n"
                     "}\n"
                     "complete -o filenames -F _gemel gemel\n");
}
