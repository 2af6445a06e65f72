/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/compose.h"

#include "measure/genesis.h"
#include "port/host.h"

static int fill_head(const Chain *c, Event event, Content *ret, Err *e) {
        Content head = { .event = event, .seq = c->next_seq };
        Moment now;
        int rc;

        rc = host_moment(&now, e);
        if (rc < 0)
                return rc;
        head.time = now.boottime;
        head.wall = genesis_number(now.wall);
        memcpy(head.prev, c->prev, sizeof(head.prev));
        memcpy(head.boot, c->boot, sizeof(head.boot));
        *ret = head;
        return 0;
}

int compose(const Chain *c, const Strand *s, Event event, const Member *members, size_t n_members,
                Chain *next, Record *record, Buf *content, Buf *line, Err *e) {
        Digest digests[BANKS_MAX];
        Content head;
        Span bytes;
        int rc;

        rc = fill_head(c, event, &head, e);
        if (rc < 0)
                return rc;
        rc = content_put(&head, members, n_members, content, e);
        if (rc < 0)
                return rc;
        rc = strand_digests(s, buf_span(content), digests, e);
        if (rc < 0)
                return rc;
        record_write(s->reg, head.seq, digests, s->n_banks, buf_span(content), line);
        rc = buf_end(line, &bytes);
        if (rc < 0)
                return err_set(e, rc, "%s: %s", event_name(event), strerror(-rc));
        /* read back as any reader will: what we would not accept is not written */
        rc = record_parse(bytes, record, e);
        if (rc < 0)
                return rc;
        return chain_add_known(next, record, digests, e);
}
