/* SPDX-License-Identifier: Apache-2.0 */
/* A thread that touches huge pages ahead of whoever is about to fill many (base/mem.h). */
#ifndef IO_PAGES_H
#define IO_PAGES_H

struct pages;

struct pages *pages_begin(void);     /* NULL: there can be no more threads */
void pages_end(struct pages *pages); /* the thread has ended when it returns; NULL: nothing */

#endif
