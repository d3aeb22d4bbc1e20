/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bench: what a packet costs on this machine under the rules that run. Measured on a private copy
 * of programs and maps, which is attached to nothing; what runs is read and not touched.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "../loader/private_copy.h"
#include "../maps/generation.h"
#include "../maps/stats.h"
#include "bench_packets.h"
#include "command.h"
#include "points.h"
#include "prefix.h"
#include "resolve.h"

enum { ROUNDS = 7, PACKETS = BENCH_SOURCES };

#define NAME(id, name) name,
static const char *const class_names[] = {XFW_BENCH_CLASSES(NAME)};

/* What every class is compared with. */
enum { EMPTY, EMPTY_TC, FLOOR, FLOOR_MANY, YARDSTICKS };

struct series {
	double rounds[ROUNDS];
	__u32 result; /* of the last packet */
};

struct results {
	struct series yardsticks[YARDSTICKS];
	struct series classes[BENCH_CLASSES];
};

/* ---- measuring ---- */

static int measure(const struct bench *bench, const struct floor *floor,
		   const struct measured *measured, double *nanoseconds, __u32 *result)
{
	__u64 judging = bench->copy->control->judging;
	int error = floor_measure(floor, measured, PACKETS, nanoseconds, result);

	/* Packets that are to find nothing remembered have moved it. */
	bench->copy->control->judging = judging;
	return error;
}

/* In turns, so that what else the machine does in the meantime meets all of them. */
static int measure_round(const struct bench *bench, const struct floor *floor, int round,
			 struct results *results)
{
	const struct measured yardsticks[YARDSTICKS] = {
		[EMPTY] = floor_empty(floor, false),
		[EMPTY_TC] = floor_empty(floor, true),
		[FLOOR] = floor_forwarding(floor, 0),
		[FLOOR_MANY] = floor_forwarding(floor, BENCH_SOURCES),
	};
	int error = bench_hear(bench);

	for (int i = 0; !error && i < YARDSTICKS; i++)
		error = measure(bench, floor, &yardsticks[i], &results->yardsticks[i].rounds[round],
				&results->yardsticks[i].result);
	for (int i = 0; !error && i < BENCH_CLASSES; i++)
		if (!bench->classes[i].absent)
			error = measure(bench, floor, &bench->classes[i].measured,
					&results->classes[i].rounds[round],
					&results->classes[i].result);
	return error;
}

/* What is remembered is remembered by CPU. */
static void stay_here(void)
{
	int cpu = sched_getcpu();
	cpu_set_t here;

	CPU_ZERO(&here);
	CPU_SET(cpu < 0 ? 0 : cpu, &here);
	sched_setaffinity(0, sizeof(here), &here);
}

/* The first round warms up and is overwritten. */
static int measure_all(const struct bench *bench, const struct floor *floor,
		       struct results *results)
{
	int error;

	stay_here();
	error = measure_round(bench, floor, 0, results);
	for (int round = 0; !error && round < ROUNDS; round++)
		error = measure_round(bench, floor, round, results);
	return error;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(const struct series *series)
{
	double sorted[ROUNDS];

	memcpy(sorted, series->rounds, sizeof(sorted));
	qsort(sorted, ROUNDS, sizeof(*sorted), by_value);
	return sorted[ROUNDS / 2];
}

/* ---- saying ---- */

struct row {
	const char *name, *absent, *program, *verdict;
	char packet[192];
	__u32 rule;
	double ns, floor_ns, empty_ns, floor_empty_ns;
};

static const char *verdict_text(const struct measured *measured, __u32 result)
{
	if (measured->tc)
		return result == 2 /* TC_ACT_SHOT */ ? "dropped" : "passed";
	switch (result) {
	case XDP_DROP:
		return "dropped";
	case XDP_PASS:
		return "passed";
	case XDP_TX:
		return "answered";
	case XDP_REDIRECT:
		return "forwarded";
	}
	return "aborted";
}

/* As explain would be asked about it. */
static void packet_text(const struct question *question, char *text, size_t size)
{
	char source[PREFIX_TEXT], destination[PREFIX_TEXT];

	address_format(&question->source, source, sizeof(source));
	address_format(&question->destination, destination, sizeof(destination));
	if (protocol_has_ports(question->protocol))
		snprintf(text, size, "%s %s %u %s %u%s", protocol_word(question->protocol), source,
			 question->source_port, destination, question->destination_port,
			 question->protocol != IPPROTO_TCP ? ""
			 : question->tcp_flags & TH_SYN	   ? " flags S"
							   : " flags A");
	else
		snprintf(text, size, "%s %s %s %u", protocol_word(question->protocol), source,
			 destination, question->icmp_type);
}

static void make_row(const struct bench *bench, const struct results *results,
		     enum bench_class_id id, struct row *row)
{
	const struct bench_class *class = &bench->classes[id];
	bool many = class->measured.run.sources;
	bool tc = class->measured.tc;

	*row = (struct row){.name = class_names[id],
			    .absent = class->absent,
			    .program = program_names[class->program],
			    .rule = class->rule};
	if (class->absent)
		return;
	packet_text(&class->question, row->packet, sizeof(row->packet));
	row->verdict = verdict_text(&class->measured, results->classes[id].result);
	row->ns = median(&results->classes[id]);
	row->empty_ns = median(&results->yardsticks[tc ? EMPTY_TC : EMPTY]);
	row->floor_empty_ns = median(&results->yardsticks[EMPTY]);
	row->floor_ns = median(&results->yardsticks[many ? FLOOR_MANY : FLOOR]);
}

static double mpps_of(const struct row *row)
{
	return row->ns > 0 ? 1000 / row->ns : 0;
}

static double ratio_of(const struct row *row)
{
	return row->floor_ns > 0 ? row->ns / row->floor_ns : 0;
}

/* Without what the measuring costs. */
static double net_ratio_of(const struct row *row)
{
	double floor = row->floor_ns - row->floor_empty_ns;

	return floor > 0 ? (row->ns - row->empty_ns) / floor : 0;
}

static json_t *row_json(const struct row *row)
{
	if (row->absent)
		return json_pack("{s:s, s:s}", "class", row->name, "absent", row->absent);
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:f, s:f, s:f, s:f, s:f, s:f}", "class",
			 row->name, "program", row->program, "packet", row->packet, "verdict",
			 row->verdict, "rule", row->rule ? json_integer(row->rule) : json_null(),
			 "ns", row->ns, "mpps", mpps_of(row), "empty_ns", row->empty_ns, "floor_ns",
			 row->floor_ns, "ratio", ratio_of(row), "net_ratio", net_ratio_of(row));
}

static void print_row(const struct row *row)
{
	if (row->absent)
		printf("%-37s none: %s\n", row->name, row->absent);
	else
		printf("%-37s %5.0f %6.1f %6.0f %5.2f %5.2f  %s\n", row->name, row->ns,
		       mpps_of(row), row->floor_ns, ratio_of(row), net_ratio_of(row), row->verdict);
}

static int say_json_results(const struct bench *bench, const struct results *results)
{
	json_t *list = json_array();
	struct utsname machine = {};
	struct row row;

	uname(&machine);
	for (enum bench_class_id id = 0; id < BENCH_CLASSES; id++) {
		make_row(bench, results, id, &row);
		json_array_append_new(list, row_json(&row));
	}
	return say_json(json_pack(
		"{s:s, s:i, s:i, s:i, s:i, s:f, s:f, s:f, s:i, s:o}", "kernel", machine.release,
		"rules", (int)bench->config->rule_count, "slices", (int)bench->config->route_count,
		"rounds", ROUNDS, "packets", PACKETS, "empty_ns",
		median(&results->yardsticks[EMPTY]), "floor_ns",
		median(&results->yardsticks[FLOOR]), "floor_many_ns",
		median(&results->yardsticks[FLOOR_MANY]), "many", BENCH_SOURCES, "classes", list));
}

static int say_results(const struct invocation *invocation, const struct bench *bench,
		       const struct results *results)
{
	struct row row;

	if (invocation->json)
		return say_json_results(bench, results);
	printf("%zu rules, %zu slices; medians of %d rounds of %d packets, one core\n",
	       bench->config->rule_count, bench->config->route_count, ROUNDS, PACKETS);
	printf("an empty program takes %.0f ns of each figure; NET is the ratio without it\n\n",
	       median(&results->yardsticks[EMPTY]));
	printf("%-37s %5s %6s %6s %5s %5s  %s\n", "CLASS", "NS", "MPPS", "FLOOR", "RATIO", "NET",
	       "VERDICT");
	for (enum bench_class_id id = 0; id < BENCH_CLASSES; id++) {
		make_row(bench, results, id, &row);
		print_row(&row);
	}
	return EXIT_DONE;
}

/* ---- all of it ---- */

static int run(const struct invocation *invocation, struct bench *bench)
{
	struct results *results = calloc(1, sizeof(*results));
	struct report report = {};
	struct floor *floor = NULL;
	int error, status;

	if (!results)
		return say_error(invocation, "bench: out of memory");
	error = slices_read(bench->copy, &bench->slices)
			?: neighbours_read(&bench->neighbours)
			?: stats_settings(bench->copy, &bench->settings)
			?: bench_hear(bench);
	if (!error)
		error = bench_choose(bench);
	if (error)
		status = say_error(invocation, "bench: no packets can be chosen: %s",
				   error == -ENODEV ? "no wan interface has an Ethernet header"
						    : strerror(-error));
	else if (floor_open(bench->copy, BENCH_SOURCES, &floor, &report))
		status = say_error(invocation, "bench: %s", report.error);
	else if ((error = measure_all(bench, floor, results)))
		status = say_error(invocation, "bench: the programs cannot be run: %s",
				   strerror(-error));
	else
		status = say_results(invocation, bench, results);
	if (floor)
		floor_close(floor);
	slices_free(&bench->slices);
	neighbours_free(&bench->neighbours);
	free(results);
	return status;
}

static int bench_running(const struct invocation *invocation, struct instance *instance,
			 const struct document *running)
{
	struct report report = {};
	struct faults faults = {};
	struct bench *bench = calloc(1, sizeof(*bench));
	struct system system;
	struct config config;
	struct pins copy;
	int status;

	if (!bench || system_read_for(running, &system)) {
		free(bench);
		return say_error(invocation, "bench: the system's links cannot be read");
	}
	pins_init(&copy, "");
	if (resolve(running, &system, &config, &faults)) {
		status = say_faults(invocation, &faults);
	} else if (private_copy(&config, &system, &instance->pins, &copy, &report)) {
		status = say_error(invocation, "bench: %s", report.error);
	} else {
		bench->config = &config;
		bench->copy = &copy;
		status = run(invocation, bench);
	}
	pins_close(&copy);
	config_free(&config);
	system_free(&system);
	free(bench);
	return status;
}

int command_bench(const struct invocation *invocation)
{
	return look_at_running(invocation, bench_running);
}
