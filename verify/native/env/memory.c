/* The state of a run, and its memory: EL2's buffers and what EL2 sees of the host's, in places far from each other. */
#define SLOT (1ULL << 33)
#define PAGE (1UL << PAGE_SHIFT)
#define NOT_MAPPED (1ULL << 55)
#define MOST 64
#define count_of(array) (sizeof(array) / sizeof(*(array)))

enum { PAGES_SLOT = 2, FIRST_PART = 4, FIRST_WINDOW = 16 };
struct region { char *at; word size, physical; const char *name; int is_open, is_used; };

static struct region regions[MOST];
static unsigned region_count;
static struct seen *seen;
static const struct run *run;
static const struct call *now;
static unsigned step, look, is_last, is_watching;
static const void *locks[16];
static unsigned lock_count, warnings;
static const char *const endings[] = {
	"returns", "ends in an access outside of its object", "does not end", "takes a lock that is held, or gives back one that is not",
	"ends in BUG()" };

/* Where a counterexample needs particular words on the stack, a scout finds words there that say where they lie. */
#define TAG (0x5eedULL << 48)
static struct { unsigned number; word at, value; } poured[31];
static unsigned poured_count, is_scout;

static void differs(const char *format, ...)
{
	va_list arguments;

	printf("     differs: ");
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
	seen->differences++;
}

/* What lies below the stack pointer is something else after each call of others. */
static __attribute__((noinline)) void fill_stack(void)
{
	volatile word below[1 << 12];

	for (unsigned k = 0; k < count_of(below); k++)
		below[k] = is_scout ? TAG | (word)&below[k] : run->unused * (~0ULL / 0xff);
	for (unsigned k = 0; k < poured_count; k++)
		if (poured[k].at - (word)below < sizeof(below))
			below[(poured[k].at - (word)below) / sizeof(word)] = poured[k].value;
}

/* -- memory -- */

static char *slot(unsigned number) { return (char *)(number * SLOT); }

static void map(unsigned number, word size, word physical, const char *name)
{
	void *at = mmap(slot(number), size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (at != slot(number))
		perror("mmap"), exit(2);
	regions[region_count++] = (struct region){ at, size, physical, name, 1, 0 };
}

static struct region *region_of(const void *address)
{
	for (unsigned k = 0; k < region_count; k++)
		if ((word)address / SLOT == (word)regions[k].at / SLOT)
			return &regions[k];
	return NULL;
}

static struct region *region_named(const char *name)
{
	for (unsigned k = 0; k < region_count; k++)
		if (!strcmp(regions[k].name, name))
			return &regions[k];
	return NULL;
}

static void protect(struct region *region, int is_open)
{
	region->is_open = is_open;
	mprotect(region->at, region->size, is_open ? PROT_READ | PROT_WRITE : PROT_NONE);
}

/* By others than EL2: no use that counts. */
static void put(struct region *region, word offset, const struct bytes *piece)
{
	const int was_open = region->is_open;

	protect(region, 1);
	for (unsigned k = 0; k < piece->length; k++)
		if (offset + k < region->size)
			region->at[offset + k] = piece->content[k];
	protect(region, was_open);
}

word hyp_virt_to_phys(void *address)
{
	const struct region *region = region_of(address);

	if ((word)address >= NOT_MAPPED)
		return (word)address - NOT_MAPPED;
	return region ? region->physical + ((char *)address - region->at) : (word)address;
}

void *hyp_phys_to_virt(word address)
{
	for (unsigned k = 0; k < region_count; k++)
		if (!strcmp(regions[k].name, "host memory") && address - regions[k].physical < regions[k].size)
			return regions[k].at + (address - regions[k].physical);
	return (void *)(address + NOT_MAPPED);
}

/* The host writes while EL2 looks. */
void *played_copy(void *into, const void *from, size_t size)
{
	struct region *region = region_of(from);

	if ((word)from >= NOT_MAPPED || (region && !strcmp(region->name, "host memory"))) {
		if (region && now && look < now->look_count)
			for (unsigned k = 0; k < now->looks[look].count; k++)
				put(region, (const char *)from - region->at + now->looks[look].at[k].at, &now->looks[look].at[k]);
		look++;
	}
	return memcpy(into, from, size);
}

/* EL2's buffers get far apart: what leaves one does not find another. */
static void part(void)
{
	const word size = played_proxy_pages() * PAGE;
	char *const whole = slot(PAGES_SLOT);
	word starts[MOST + 1];
	const char *names[MOST];
	unsigned count = 0;

	for (const struct place *place = played_places; place->path; place++) {
		word offset = *(char **)place->at - whole;
		unsigned k = 0;
		if (!place->is_pointer || offset >= size)
			continue;
		while (k < count && starts[k] < offset)
			k++;
		if (k < count && starts[k] == offset) {
			if (strcmp(place->path, names[k]) < 0)
				names[k] = place->path;
			continue;
		}
		memmove(starts + k + 1, starts + k, (count - k) * sizeof(*starts));
		memmove(names + k + 1, names + k, (count - k) * sizeof(*names));
		starts[k] = offset, names[k] = place->path, count++;
	}
	starts[count] = size;
	for (unsigned k = 0; k < count; k++) {
		map(FIRST_PART + k, starts[k + 1] - starts[k], run->physical + starts[k], names[k]);
		memcpy(slot(FIRST_PART + k), whole + starts[k], starts[k + 1] - starts[k]);
	}
	for (const struct place *place = played_places; place->path; place++) {
		char **pointer = place->at;
		word offset = place->is_pointer ? (word)(*pointer - whole) : size;
		for (unsigned k = 0; k < count && offset < size; k++)
			if (starts[k] == offset)
				*pointer = slot(FIRST_PART + k);
	}
	if (!count)
		return;
	munmap(whole, size);
	memmove(regions, regions + 1, --region_count * sizeof(*regions));
}

/* There is memory where the call reads outside of a buffer. */
static void put_beyond(const struct beyond *beyond)
{
	const struct region *region = region_named(beyond->name);
	char *first, *end;

	if (!region)
		return;
	first = (char *)((word)(region->at + beyond->found.at) & -PAGE), end = region->at + beyond->found.at + beyond->found.length;
	for (char *page = first; page < end; page += PAGE)
		if (page >= region->at + region->size
		    && mmap(page, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == page)
			memset(page, run->unused, PAGE);
	memcpy(region->at + beyond->found.at, beyond->found.content, beyond->found.length);
	printf("     outside of %s, at %#llx, it finds:", beyond->name, beyond->found.at);
	for (unsigned k = 0; k < beyond->found.length && k < 16; k++)
		printf(" %02x", (unsigned char)beyond->found.content[k]);
	printf("%s\n", beyond->found.length > 16 ? " ..." : "");
}
