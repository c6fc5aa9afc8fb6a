#include "fault_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <torc/nearest_name.h>

#include "command.h"

static int wrong(const char *command, const char *text)
{
    return torci_usage_error(command, "--fault: '%s' is not SITE:HOST:NUMBER[..]=OPTION, as torc sweep "
                             "prints it", text);
}

static int read_site(const char *command, const char *text, size_t bytes,
                     const struct torc_decision_site **out)
{
    char name[64];
    const char *nearest;

    snprintf(name, sizeof name, "%.*s", (int)bytes, text);
    *out = torc_decision_find_site(name);
    if (*out != NULL)
        return 0;
    nearest = torc_decision_nearest_site(name);
    return torci_usage_error(command, "--fault: unknown site '%s'%s%s%s", name,
                             nearest != NULL ? "; did you mean '" : "", nearest != NULL ? nearest : "",
                             nearest != NULL ? "'?" : "");
}

static int read_option(const char *command, const struct torc_decision_site *site, const char *text,
                       uint64_t *out)
{
    const char *nearest;

    if (torc_decision_option(site, text, out) == 0)
        return 0;
    nearest = site->options != NULL ? torc_name_nearest(text, site->options) : NULL;
    return torci_usage_error(command, "--fault: %s has no option '%s'%s%s%s", site->name, text,
                             nearest != NULL ? "; did you mean '" : "", nearest != NULL ? nearest : "",
                             nearest != NULL ? "'?" : "");
}

int torci_fault_case_read(const char *command, const char *text, struct torci_fault_case *out)
{
    size_t site_bytes = strcspn(text, ":");
    const char *host = text + site_bytes + 1;
    const struct torc_decision_site *site;
    size_t host_bytes;
    const char *number;
    char *end;
    int status;

    memset(out, 0, sizeof *out);
    if (text[site_bytes] != ':')
        return wrong(command, text);
    status = read_site(command, text, site_bytes, &site);
    if (status != 0)
        return status;
    host_bytes = strcspn(host, ":");
    if (host[host_bytes] != ':' || host_bytes == 0 || host_bytes >= sizeof out->host)
        return wrong(command, text);
    memcpy(out->host, host, host_bytes);
    number = host + host_bytes + 1;
    out->decision.host = out->host;
    out->decision.site = site->name;
    out->decision.k = strtoull(number, &end, 10);
    out->decision.onwards = strncmp(end, "..", 2) == 0;
    end += out->decision.onwards ? 2 : 0;
    if (number[0] < '0' || number[0] > '9' || *end != '=')
        return wrong(command, text);
    return read_option(command, site, end + 1, &out->decision.value);
}

void torci_fault_case_label(const struct torc_decision *decision, char *out, size_t size)
{
    snprintf(out, size, "%s-%s-%llu-%llu%s", decision->host, decision->site, (unsigned long long)decision->k,
             (unsigned long long)decision->value, decision->onwards ? "-onwards" : "");
}

void torci_fault_case_write(const struct torc_decision *decision, char *out, size_t size)
{
    const struct torc_decision_site *site = torc_decision_find_site(decision->site);
    const char *option = torc_decision_option_name(site, decision->value);
    char number[24];

    snprintf(number, sizeof number, "%llu", (unsigned long long)decision->value);
    snprintf(out, size, "%s:%s:%llu%s=%s", decision->site, decision->host,
             (unsigned long long)decision->k, decision->onwards ? ".." : "",
             option != NULL ? option : number);
}

/* --- splits --------------------------------------------------------------------------------------- */

int torci_split_case_read(const char *command, const char *text, struct torci_split_case *out)
{
    size_t name_bytes = strcspn(text, ":");
    const char *direction = text + name_bytes + 1;
    char word[4] = "";
    const char *number;
    char *end;

    memset(out, 0, sizeof *out);
    if (text[name_bytes] == ':' && name_bytes > 0 && name_bytes < sizeof out->connection &&
        strlen(direction) > 4 && direction[3] == ':') {
        memcpy(word, direction, 3);
        number = direction + 4;
        out->split.at = strtoull(number, &end, 10);
        if (number[0] >= '0' && number[0] <= '9' && *end == '\0' && out->split.at > 0 &&
            torc_split_parse_direction(word, &out->split.from_server) == 0) {
            memcpy(out->connection, text, name_bytes);
            out->split.connection = out->connection;
            return 0;
        }
    }
    return torci_usage_error(command, "--split: '%s' is not CONNECTION:c2s:AT or CONNECTION:s2c:AT, as torc "
                             "sweep prints it", text);
}

void torci_split_case_label(const struct torc_scenario_split *split, char *out, size_t size)
{
    snprintf(out, size, "%s-%s-%llu", split->connection, split->from_server ? "s2c" : "c2s",
             (unsigned long long)split->at);
}

void torci_split_case_write(const struct torc_scenario_split *split, char *out, size_t size)
{
    snprintf(out, size, "%s:%s:%llu", split->connection, split->from_server ? "s2c" : "c2s",
             (unsigned long long)split->at);
}

const char *torci_case_option(const char *text)
{
    return strchr(text, '=') != NULL ? "fault" : "split";
}

uint64_t torci_fault_next_option(const struct torc_scenario_questions *questions, uint64_t k,
                                 uint64_t option)
{
    uint64_t possible = questions->possible[k];

    for (option++; option < 64 && possible >> option != 0; option++)
        if ((possible >> option & 1) != 0)
            return option;
    return 0;
}
