/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/root.h"

#include <stdio.h>

#include "base/text.h"
#include "verify/rootline.h"

/* One of the two images that an operating system is in. */
typedef struct Image {
        const char *device; /* of dm-verity, as systemd calls it: "root", "usr" */
        LeafType type;
        bool found;
        uint8_t hash[32];
        char by[64]; /* who says so */
} Image;

/* An image in words: "root image 'debian' 12 (root hash 0123456789abcdef..., by ...)" */
typedef struct ImageWords {
        char text[256];
} ImageWords;

static ImageWords put_words(const Image *i, const char *who) {
        ImageWords w;
        char hash[17] = "";

        for (size_t n = 0; n < 8; n++)
                (void) snprintf(hash + 2 * n, 3, "%02x", i->hash[n]);
        (void) snprintf(w.text, sizeof(w.text), "%s image%s (root hash %s..., by %s)", i->device,
                        who, hash, i->by);
        return w;
}

static void find(Image *i, const uint8_t hash[32], const char *by) {
        i->found = true;
        memcpy(i->hash, hash, sizeof(i->hash));
        (void) snprintf(i->by, sizeof(i->by), "%s", by);
}

static int take_line(Span line, Image images[2], Verdict *v, Err *e) {
        RootLine l;
        int rc;

        rc = root_line_read(line, &l, e);
        if (rc < 0)
                return rc;
        if (l.wrong[0] != '\0')
                verdict_refute(v, CLAIM_ROOT, "%s", l.wrong);
        if (l.has_root)
                find(&images[0], l.root, "the kernel's command line");
        if (l.has_usr)
                find(&images[1], l.usr, "the kernel's command line");
        return 0;
}

/* A device that systemd set up. The first of its name is the one that the initrd set up, and what
 * comes later under that name can be anybody's word: it must not differ. */
static void take_device(const SystemdEntry *entry, Image *i, Verdict *v) {
        uint8_t hash[32];
        char by[64];

        (void) snprintf(by, sizeof(by), "record %zu of systemd's log", entry->n);
        if (!text_unhex(entry->words.value, hash, sizeof(hash)))
                verdict_refute(v, CLAIM_ROOT, "%s: a root hash that is no SHA-256", by);
        else if (!i->found)
                find(i, hash, by);
        else if (memcmp(i->hash, hash, sizeof(hash)) != 0)
                verdict_refute(v, CLAIM_ROOT, "%s names another %s image than %s", by, i->device,
                                i->by);
}

static int take_systemd(const SystemdStory *s, Image images[2], Verdict *v, Err *e) {
        _cleanup_(systemd_walk_done) SystemdWalk w = systemd_walk(s);
        SystemdEntry entry;
        bool hidden = false;
        int rc;

        if (!(s->kinds >> SYSTEMD_VERITY & 1))
                return 0;
        while ((rc = systemd_walk_next(&w, &entry, e)) > 0) {
                if (!systemd_is_of_nvpcr(s, &entry, "verity"))
                        continue;
                /* whose words are not known could have been the one that counts */
                hidden = hidden || systemd_proven(s, &entry) != SYSTEMD_VERITY;
                for (size_t i = 0; !hidden && i < 2; i++)
                        if (span_is(entry.words.name, images[i].device))
                                take_device(&entry, &images[i], v);
        }
        return rc;
}

/* The image in words, where it is known; otherwise the claim is refuted. */
static ImageWords judge_image(const Image *i, const Question *q, Verdict *v) {
        const Release *r = releases_by_root_hash(q->releases, i->hash);
        char who[2 * NAME_TEXT_MAX + 16] = "";

        if (r && r->type == i->type) {
                (void) snprintf(who, sizeof(who), " '%.80s' %.40s", r->name, r->version);
                return put_words(i, who);
        }
        if (boot_policy_names_root(&q->policy->boot, i->hash))
                return put_words(i, " that policy names");
        if (r)
                verdict_refute(v, CLAIM_ROOT, "the %s is release '%.80s', which is a %s",
                                put_words(i, "").text, r->name, leaf_type_name(r->type));
        verdict_refute(v, CLAIM_ROOT, "the %s is no release that was handed over",
                        put_words(i, "").text);
        return (ImageWords){};
}

static void judge_images(const Image images[2], const Question *q, Verdict *v) {
        ImageWords words[2] = {};

        for (size_t i = 0; i < 2; i++)
                if (images[i].found)
                        words[i] = judge_image(&images[i], q, v);
        if (!verdict_proven(v, CLAIM_KERNEL))
                verdict_refute(v, CLAIM_ROOT,
                                "%s is named, but which kernel and initrd acted on that is not proven (kernel)",
                                images[0].found ? "a root image" : "an image of /usr");
        verdict_prove(v, CLAIM_ROOT, "%s%s%s", words[0].text,
                        images[0].found && images[1].found ? ", " : "", words[1].text);
        if (!images[0].found && verdict_proven(v, CLAIM_ROOT))
                verdict_remark(v, CLAIM_ROOT,
                                "of what else is in the root file system nothing is said");
}

int judge_root(const SystemdStory *systemd, Span line, const Question *q, Verdict *v, Err *e) {
        Image images[] = { { .device = "root", .type = LEAF_ROOT },
                { .device = "usr", .type = LEAF_USR } };
        int rc;

        rc = take_line(line, images, v, e);
        if (rc == 0)
                rc = take_systemd(systemd, images, v, e);
        if (rc < 0)
                return rc;
        if (images[0].found || images[1].found)
                judge_images(images, q, v);
        else
                verdict_leave(v, CLAIM_ROOT,
                                "no root image is named (roothash= or usrhash= on a proven command line, or an NvPCR of systemd 262)");
        return 0;
}
