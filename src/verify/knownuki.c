/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/knownuki.h"

#include <errno.h>
#include <stdlib.h>

/* systemd-stub measures every section but this one (systemd-stub(7)): it holds signatures of the
 * values that PCR 11 is to have. */
static bool is_measured(const char *name) {
        return strcmp(name, ".pcrsig") != 0;
}

static int take_sections(const Leaf *leaf, KnownUki *u, Err *e) {
        u->sections = calloc(leaf->n_sections + 1, sizeof(*u->sections));
        if (!u->sections)
                return err_set(e, -ENOMEM, "no memory for a UKI's sections");
        for (size_t i = 0; i < leaf->n_sections; i++) {
                UkiSection *s = &u->sections[u->n_sections];
                Span name = leaf->sections[i].name;

                if (name.size >= sizeof(s->name))
                        return err_set(e, -EBADMSG, "leaf: a section with a long name");
                memcpy(s->name, name.data, name.size);
                s->name[name.size] = '\0';
                memcpy(s->sha256, leaf->sections[i].sha256, sizeof(s->sha256));
                u->n_sections += is_measured(s->name);
        }
        return 0;
}

static int take_values(const Leaf *leaf, KnownUki *u, Err *e) {
        u->values = calloc(leaf->n_pcrs + 1, sizeof(*u->values));
        if (!u->values)
                return err_set(e, -ENOMEM, "no memory for a UKI's values");
        for (size_t i = 0; i < leaf->n_pcrs; i++) {
                UkiValue *v = &u->values[u->n_values++];
                Span phases = leaf->pcrs[i].phases;

                if (phases.size >= sizeof(v->phases))
                        return err_set(e, -EBADMSG, "leaf: a long phase path");
                memcpy(v->phases, phases.data, phases.size);
                v->value = leaf->pcrs[i].value;
        }
        return 0;
}

int known_uki_take(const Leaf *leaf, KnownUki *ret, Err *e) {
        KnownUki u = {};
        int rc;

        if (leaf->type == LEAF_UKI) {
                rc = take_sections(leaf, &u, e);
                if (rc == 0)
                        rc = take_values(leaf, &u, e);
                if (rc < 0) {
                        known_uki_done(&u);
                        return rc;
                }
        }
        *ret = u;
        return 0;
}

void known_uki_done(KnownUki *u) {
        free(u->sections);
        free(u->values);
        *u = (KnownUki){};
}

static bool same_section(const UkiSection *s, const BootSection *b) {
        return strcmp(s->name, b->name) == 0 && b->digest.alg == HASH_SHA256 &&
               memcmp(s->sha256, b->digest.bytes, sizeof(s->sha256)) == 0;
}

/* An image may have several of these, of which systemd-stub takes and measures the one that is for
 * the machine, or none (systemd-stub(7)). */
static bool is_chosen(const char *name) {
        return strcmp(name, ".dtbauto") == 0 || strcmp(name, ".efifw") == 0;
}

/* Sections of one name that follow one another: how many. */
static size_t count_choices(const KnownUki *u, size_t from) {
        size_t n = 1;

        while (is_chosen(u->sections[from].name) && from + n < u->n_sections &&
                        strcmp(u->sections[from].name, u->sections[from + n].name) == 0)
                n++;
        return n;
}

/* Which of n sections was measured, counted from 1; 0: none of them. */
static size_t find_choice(const UkiSection *s, size_t n, const BootSection *b) {
        for (size_t i = 0; i < n; i++)
                if (same_section(&s[i], b))
                        return i + 1;
        return 0;
}

const char *known_uki_first_difference(const KnownUki *u, const Boot *b) {
        size_t at = 0, n;

        for (size_t i = 0; i < u->n_sections; i += n) {
                const UkiSection *s = &u->sections[i];
                bool named = at < b->n_sections && strcmp(s->name, b->sections[at].name) == 0;

                n = count_choices(u, i);
                if (!named && is_chosen(s->name))
                        continue;
                if (!named || find_choice(s, n, &b->sections[at]) == 0)
                        return s->name;
                at++;
        }
        return at < b->n_sections ? b->sections[at].name : NULL;
}

void known_uki_choices(const KnownUki *u, const Boot *b, Buf *to) {
        size_t n;

        for (size_t i = 0; i < u->n_sections; i += n) {
                const UkiSection *s = &u->sections[i];

                n = count_choices(u, i);
                for (size_t at = 0; is_chosen(s->name) && at < b->n_sections; at++) {
                        size_t choice = find_choice(s, n, &b->sections[at]);

                        if (choice > 0)
                                buf_printf(to, ", with %s %zu of %zu", s->name, choice, n);
                }
        }
}

bool known_uki_has_sections(const KnownUki *u, const Boot *b) {
        return u->n_sections > 0 && !known_uki_first_difference(u, b);
}

bool known_uki_foretells(const KnownUki *u, const char *phases, const Digest *value) {
        for (size_t i = 0; i < u->n_values; i++)
                if (strcmp(u->values[i].phases, phases) == 0 &&
                                digest_equal(&u->values[i].value, value))
                        return true;
        return false;
}

size_t known_uki_likeness(const KnownUki *u, const Boot *b) {
        size_t n = 0;

        for (size_t i = 0; i < u->n_sections; i++)
                for (size_t j = 0; j < b->n_sections; j++)
                        n += same_section(&u->sections[i], &b->sections[j]);
        return n;
}

const uint8_t *known_uki_section(const KnownUki *u, const char *name) {
        for (size_t i = 0; i < u->n_sections; i++)
                if (strcmp(u->sections[i].name, name) == 0)
                        return u->sections[i].sha256;
        return NULL;
}
