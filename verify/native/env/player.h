/* What is played, and what is seen. */
struct place { const char *path; void *at; unsigned size; int is_pointer, is_external; };
extern const struct place played_places[];
unsigned long played_proxy_pages(void);
int played_start(void *pages);
void played_call(void *context);

#ifndef PROXY
/* `at`: a physical address, an offset in EL2's RX buffer, or one from where EL2 looks. */
struct bytes { word at; unsigned length; const char *content; };
struct pieces { const struct bytes *at; unsigned count; };

/* What EL2 asks, and the answer; x0 and x1 of a page-table call are its first page and their number.
   `loose`: registers that hold what EL2's stack happens to hold. `sent`: all of EL2's TX buffer that is not 0, if
   anything lies `at` there; `left`: what EL3 writes to EL2's RX buffer. */
struct step { const char *said; int kind; word x[18], answer[18]; unsigned loose; struct pieces sent, left; };

enum ending { RETURNS, FAULT, NO_END, LOCK, GIVES_UP };

/* What is found outside of a buffer, from `found.at` on. */
struct beyond { const char *name; struct bytes found; };

/* `looks`: what each copy out of the host's memory finds. `state`: the statics that are numbers, afterwards.
   `touched`: the buffers that it uses, by name, 0 at the end. */
struct call {
	const char *said;
	word before[31], after[31];
	unsigned loose;
	const struct step *steps;
	unsigned step_count;
	struct pieces writes;
	const struct pieces *looks;
	unsigned look_count;
	const word *state;
	unsigned warnings, held;
	enum ending ending;
	const char *const *touched;
	const struct beyond *beyond;
	unsigned beyond_count;
};

/* `needs_words`: of the stack; those that its last call leaves in registers. `set`: statics that are something else in the last call, as numbers by their index in `played_places`. */
struct set { unsigned place; word value; };
struct run {
	const char *name;
	const struct call *boot, *calls;
	unsigned call_count;
	word physical;
	unsigned char unused;
	const struct set *sets;
	unsigned set_count;
	int needs_words;
};

struct window { word physical, size; };

/* What the compiled code did in the last call. `shown`: what the host finds at the addresses of that name. */
struct smc { word x[18]; };
struct seen {
	word x[31], version, negotiated;
	struct smc smcs[SMCS + 1];
	unsigned char shown[SHOWN + 1];
	unsigned smc_count, warnings, held, differences;
	enum ending ending;
	int is_done;
};
typedef unsigned __int128 wide;
static inline __int128 as_signed(wide value, unsigned bits)
{
	return value >> (bits - 1) & 1 ? (__int128)(value - ((wide)1 << bits)) : (__int128)value;
}

/* A statement: it holds; or its value is the same in both runs. */
struct statement {
	const char *text;
	int is_pair;
	int (*given)(const struct seen *seen);
	wide (*value)(const struct seen *seen);
};
#endif
