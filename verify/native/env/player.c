/* Answers EL2, compares what it does, and says whether the statements are violated. */
static const char *const kinds[] = { "", "an SMC", "the call's SMC", "share-hyp", "unshare-hyp", "share-ffa", "unshare-ffa", "pin", "unpin" };

static const struct step *next(int kind, const word *x, unsigned count)
{
	const struct step *expected = now && step < now->step_count ? &now->steps[step] : NULL;

	if (!expected) {
		if (now && now->ending == NO_END && now->step_count)
			return &now->steps[now->step_count - 1];
		differs("EL2 asks for more: %s x0=%#llx x1=%#llx", kinds[kind], x[0], x[1]);
		return NULL;
	}
	step++;
	if (expected->kind != kind) {
		differs("EL2 asks for %s, not for %s", kinds[kind], kinds[expected->kind]);
		return NULL;
	}
	printf("     %u. %s\n", step, expected->said);
	for (unsigned k = 0; k < count; k++)
		if (x[k] != expected->x[k] && !(expected->loose >> k & 1))
			differs("x%u is %#llx, not %#llx", k, x[k], expected->x[k]);
	return expected;
}

static void note_smc(const word *x)
{
	if (is_last && seen->smc_count < SMCS)
		memcpy(seen->smcs[seen->smc_count++].x, x, sizeof(seen->smcs->x));
}

static void compare_sent(const struct pieces *sent)
{
	struct region *tx = region_named(OWN_TX);
	const struct bytes *piece = sent->at, *end = sent->at + sent->count;

	if (!sent->at || !tx)
		return;
	const int was_open = tx->is_open;
	protect(tx, 1);
	for (word k = 0; k < tx->size; k++) {
		while (piece < end && k >= piece->at + piece->length)
			piece++;
		unsigned char expected = piece < end && k >= piece->at ? piece->content[k - piece->at] : 0;
		if ((unsigned char)tx->at[k] == expected || (expected == run->unused && expected && expected != 0xff))
			continue;
		differs("byte %#llx of what it sends is 0x%02x, not 0x%02x", k, (unsigned char)tx->at[k], expected);
		break;
	}
	protect(tx, was_open);
}

void el3(word *x, int kind)
{
	const struct step *expected = next(kind, x, 18);
	struct region *rx = region_named(OWN_RX);

	note_smc(x);
	if (expected)
		compare_sent(&expected->sent);
	for (unsigned k = 0; k < 18; k++)
		x[k] = expected ? expected->answer[k] : k ? 0 : ~0ULL;
	for (unsigned k = 0; expected && rx && k < expected->left.count; k++)
		put(rx, expected->left.at[k].at, &expected->left.at[k]);
	fill_stack();
}

int outside(int kind, word first, word second)
{
	word x[2] = { first, kind == SHARE_HYP || kind == UNSHARE_HYP ? 1 : second };

	if (kind == PIN || kind == UNPIN) {
		x[0] = hyp_virt_to_phys((void *)first) >> PAGE_SHIFT;
		x[1] = ((hyp_virt_to_phys((void *)second) - 1) >> PAGE_SHIFT) - x[0] + 1;
	}
	const struct step *expected = next(kind, x, 2);
	fill_stack();
	return expected ? (int)expected->answer[0] : 0;
}

void warned(void) { warnings++; }

static void end(enum ending ending);

void lock_static(const void *place, int acquire)
{
	unsigned k = 0;

	while (k < lock_count && locks[k] != place)
		k++;
	if ((k < lock_count) == acquire || k == count_of(locks))
		end(LOCK);
	locks[k] = acquire ? place : locks[lock_count - 1];
	lock_count += acquire ? 1 : -1;
	fill_stack();
}

void give_up(void) { end(GIVES_UP); _exit(2); }

/* -- calls -- */

static void show(const char *title, const word *x)
{
	printf("     %s:", title);
	for (unsigned k = 0; k < 31; k++)
		if (x[k] || !k)
			printf(" x%u=%#llx", k, x[k]);
	printf("\n");
}

static void compare(const struct call *done, const word *x)
{
	const word *state = done->state;

	for (unsigned k = 0; k < 31; k++)
		if (x[k] != done->after[k] && !(done->loose >> k & 1))
			differs("x%u is %#llx, not %#llx", k, x[k], done->after[k]);
	for (const struct place *place = played_places; place->path; place++) {
		word value = 0;
		if (place->is_pointer || place->is_external)
			continue;
		memcpy(&value, place->at, place->size);
		if (value != *state)
			differs("%s is %#llx, not %#llx", place->path, value, *state);
		state++;
	}
	if (warnings != done->warnings)
		differs("%u warnings, not %u", warnings, done->warnings);
	if (lock_count != done->held)
		differs("%u locks held, not %u", lock_count, done->held);
}

static void compare_uses(const struct call *done)
{
	for (unsigned k = 0; k < region_count; k++) {
		const char *const *name = done->touched;
		while (*name && strcmp(*name, regions[k].name))
			name++;
		if (regions[k].is_used)
			printf("     EL2 uses %s\n", regions[k].name);
		if (*regions[k].name && regions[k].is_used != !!*name)
			differs("%s is %s", regions[k].name, *name ? "not used" : "used");
	}
}

/* The call that is played ends. */
static void finish(enum ending ending, const word *x)
{
	if (ending != RETURNS)
		printf("     the call %s\n", endings[ending]);
	else
		show("after", x);
	if (ending != now->ending)
		differs("the call %s; expected: it %s", endings[ending], endings[now->ending]);
	if (step < now->step_count)
		differs("%u of the listed requests are not made", now->step_count - step);
	if (ending == RETURNS && now->ending == RETURNS)
		compare(now, x);
	if (is_watching)
		compare_uses(now);
	if (!is_last)
		return;
	memcpy(seen->x, x, sizeof(seen->x));
	for (unsigned k = 0; k < SHOWN; k++) {
		const char *at = hyp_phys_to_virt(shown[k]);
		if ((word)at < NOT_MAPPED)
			seen->shown[k] = *at;
	}
	for (const struct place *place = played_places; place->path; place++) {
		if (!strcmp(place->path, VERSION))
			memcpy(&seen->version, place->at, place->size);
		if (!strcmp(place->path, NEGOTIATED))
			memcpy(&seen->negotiated, place->at, place->size);
	}
	seen->warnings = warnings, seen->held = lock_count, seen->ending = ending, seen->is_done = 1;
}

static void end(enum ending ending)
{
	static const word nothing[31];

	if (!now)
		differs("initialisation: it %s", endings[ending]);
	else
		finish(ending, nothing);
	fflush(stdout);
	_exit(0);
}

static void on_signal(int number, siginfo_t *info, void *context)
{
	struct region *region = region_of(info->si_addr);

	(void)context;
	if (number == SIGSEGV && region && !region->is_open && (word)((char *)info->si_addr - region->at) < region->size) {
		region->is_used = 1;
		protect(region, 1);
		return;
	}
	end(number == SIGPROF ? NO_END : FAULT);
}

/* Time on a processor, not by the clock: what waits for one on a busy machine has not run on and on. */
enum { ENOUGH = 8, ENDLESS = 2 };

static void limit(unsigned seconds)
{
	const struct itimerval after = { .it_value = { .tv_sec = seconds } };

	if (setitimer(ITIMER_PROF, &after, NULL))
		perror("setitimer"), _exit(2);
}

static void play_call(unsigned number)
{
	static word context[64];

	now = &run->calls[number];
	is_last = number == run->call_count - 1;
	step = look = warnings = 0;
	printf("  %u. %s\n", number + 1, now->said);
	show("before", now->before);
	memset(context, 0, sizeof(context));
	memcpy(context, now->before, sizeof(now->before));
	for (unsigned k = 0; k < now->writes.count; k++) {
		char *at = hyp_phys_to_virt(now->writes.at[k].at);
		struct region *region = region_of(at);
		if ((word)at < NOT_MAPPED && region)
			put(region, at - region->at, &now->writes.at[k]);
	}
	for (unsigned k = 0; k < now->beyond_count; k++)
		put_beyond(&now->beyond[k]);
	for (unsigned k = 0; is_last && k < run->set_count; k++)
		memcpy(played_places[run->sets[k].place].at, &run->sets[k].value, played_places[run->sets[k].place].size);
	for (unsigned k = 0; is_last && k < region_count; k++)
		if (*regions[k].name)
			protect(&regions[k], 0);
	is_watching = is_last;
	limit(now->ending == NO_END ? ENDLESS : ENOUGH);
	fill_stack();
	played_call(context);
	limit(0);
	finish(RETURNS, context);
}

static void play(void)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_NODEFER };
	const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGPROF };

	for (unsigned k = 0; k < count_of(signals); k++)
		sigaction(signals[k], &action, NULL);
	map(PAGES_SLOT, played_proxy_pages() * PAGE, run->physical, "");
	for (unsigned k = 0; k < count_of(windows) - 1; k++)
		map(FIRST_WINDOW + k, windows[k].size, windows[k].physical, "host memory");
	for (unsigned k = 0; k < count_of(booted) - 1; k++)
		memcpy(played_places[booted[k].place].at, &booted[k].value, played_places[booted[k].place].size);
	printf("%s, EL2's unused stack filled with 0x%02x", run->name, run->unused);
	for (unsigned k = 0; k < poured_count; k++)
		printf("%sx%u=%#llx", k ? " " : ", but where it comes from: ", poured[k].number, poured[k].value);
	printf(":\n  boot\n");
	now = run->boot;
	is_last = 0;
	fill_stack();
	int result = played_start(slot(PAGES_SLOT));
	if (result)
		differs("initialisation returns %d", result);
	if (step < now->step_count)
		differs("%u of the listed requests are not made", now->step_count - step);
	part();
	for (unsigned k = 0; k < run->call_count; k++)
		play_call(k);
	fflush(stdout);
	_exit(0);
}

static int is_violated(const struct statement *statement, const struct seen *all)
{
	const struct seen *other = &all[1];

	if (!all->is_done || !statement->given(all))
		return 0;
	if (!statement->is_pair)
		return !statement->value(all);
	return other->is_done && statement->given(other) && statement->value(all) != statement->value(other);
}

/* In a process of its own. Did it get to its end? */
static int play_alone(const struct run *played, struct seen *noted, unsigned scouts)
{
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child < 0)
		perror("fork"), exit(2);
	if (!child) {
		run = played, seen = noted, is_scout = scouts;
		if (scouts && !freopen("/dev/null", "w", stdout))
			_exit(2);
		play();
	}
	return waitpid(child, &status, 0) >= 0 && WIFEXITED(status) && !WEXITSTATUS(status);
}

/* Addresses are the same in each of these processes. */
static void pour(const struct run *played, const struct seen *scouted)
{
	for (unsigned k = 0; k < count_of(poured); k++)
		if (scouted->is_done && scouted->x[k] >> 48 == TAG >> 48) {
			poured[poured_count].number = k;
			poured[poured_count].at = scouted->x[k] ^ TAG;
			poured[poured_count++].value = played->calls[played->call_count - 1].after[k];
		}
}

/* What the shell script above takes for an answer: no other program, and no signal, ends so. */
enum { IS_NOT_SHOWN = 10, IS_SHOWN = 11 };

int main(void)
{
	const unsigned count = count_of(runs);
	struct seen *all = mmap(NULL, 3 * sizeof(*all), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned shown = 0, different = 0;

	if (all == MAP_FAILED)
		return perror("mmap"), 2;
	struct seen *scouted = &all[2];
	printf("%s\n", about);
	for (unsigned k = 0; k < count; k++) {
		poured_count = 0;
		if (runs[k].needs_words && play_alone(&runs[k], scouted, 1))
			pour(&runs[k], scouted);
		if (!play_alone(&runs[k], &all[k], 0)) {
			printf("the run ended by itself\n");
			return 2;
		}
		different += all[k].differences;
	}
	/* A statement about what happens, not about numbers, is violated if just that happens. */
	for (unsigned k = 0; k < count_of(statements); k++) {
		int is_shown = is_violated(&statements[k], all) && (!different || !IS_ABOUT_EVENTS);
		shown += is_shown;
		printf("%s: %s\n", is_shown ? "violated" : "not shown here", statements[k].text);
	}
	printf("wrong: %s\n", wrong);
	if (different)
		printf("this is not the counterexample's run: differences: %u\n", different);
	printf("verdict: shown %u of %u, differs %u\n", shown, (unsigned)count_of(statements), different);
	if (fflush(stdout) || ferror(stdout))
		return perror("stdout"), 2;
	return shown == count_of(statements) ? IS_SHOWN : IS_NOT_SHOWN;
}
