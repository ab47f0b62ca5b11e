/* SPDX-License-Identifier: GPL-2.0-only */
/* For trees whose proxy keeps lists. */
struct list_head {
	struct list_head *next, *prev;
};
#define LIST_HEAD_INIT(name) { &(name), &(name) }
static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list->next = list;
	list->prev = list;
}
void list_del(struct list_head *entry);
void hyp_free(void *addr);
