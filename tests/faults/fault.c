// SPDX-License-Identifier: GPL-2.0
/*
 * fault KIND AT WHAT COMMAND…: run COMMAND and let its AT-th system call of KIND (from 1, over all
 * its threads, 0 is none) fail with the error number WHAT, or, where WHAT is "kill", kill it right
 * before that call. Where WHAT is "INT", "TERM", "HUP" or "PIPE", it and its children get that
 * signal there, as from a terminal that hangs up. On stderr's end: "fault: COUNT calls", and of
 * which the fault was.
 *
 * The kernel asks about each such call (seccomp's user notification), so that nothing of the
 * command is changed and threads count as one. strace -e inject counts each thread for itself and
 * cannot tell a map's update from a lookup.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* What changes something; a process killed at anything else died before the next of these. */
static const int changes[] = {
	SCMP_SYS(bpf),	    SCMP_SYS(sendmsg), SCMP_SYS(sendto),    SCMP_SYS(rename),
	SCMP_SYS(renameat), SCMP_SYS(unlink),  SCMP_SYS(unlinkat),  SCMP_SYS(mkdir),
	SCMP_SYS(rmdir),    SCMP_SYS(ioctl),   SCMP_SYS(renameat2),
};
static const int bpf_calls[] = {SCMP_SYS(bpf)};
static const int netlink_calls[] = {SCMP_SYS(sendmsg), SCMP_SYS(sendto), SCMP_SYS(recvmsg),
				    SCMP_SYS(recvfrom), SCMP_SYS(socket)};
static const int file_calls[] = {
	SCMP_SYS(openat), SCMP_SYS(rename),    SCMP_SYS(unlink), SCMP_SYS(mkdir),
	SCMP_SYS(rmdir),  SCMP_SYS(write),     SCMP_SYS(fsync),	 SCMP_SYS(fchmod),
	SCMP_SYS(fchown), SCMP_SYS(ftruncate), SCMP_SYS(ioctl),	 SCMP_SYS(clone3),
};

static const struct kind {
	const char *name;
	const int *calls;
	size_t count;
} kinds[] = {
	{"change", changes, COUNT_OF(changes)},
	{"bpf", bpf_calls, COUNT_OF(bpf_calls)},
	{"netlink", netlink_calls, COUNT_OF(netlink_calls)},
	{"file", file_calls, COUNT_OF(file_calls)},
};

static bool bpf_only_reads(unsigned int command)
{
	switch (command) {
	case BPF_MAP_LOOKUP_ELEM:
	case BPF_MAP_GET_NEXT_KEY:
	case BPF_MAP_LOOKUP_BATCH:
	case BPF_OBJ_GET:
	case BPF_OBJ_GET_INFO_BY_FD:
	case BPF_PROG_TEST_RUN:
	case BPF_PROG_QUERY:
	case BPF_PROG_GET_FD_BY_ID:
	case BPF_PROG_GET_NEXT_ID:
	case BPF_MAP_GET_FD_BY_ID:
	case BPF_MAP_GET_NEXT_ID:
	case BPF_BTF_GET_FD_BY_ID:
	case BPF_BTF_LOAD:
	case BPF_MAP_CREATE: /* these vanish with the process */
	case BPF_MAP_FREEZE:
	case BPF_PROG_LOAD:
	case BPF_PROG_BIND_MAP:
	case BPF_LINK_GET_FD_BY_ID:
	case BPF_LINK_GET_NEXT_ID:
		return true;
	}
	return false;
}

static bool copy_from(int process, unsigned long long from, void *to, size_t size)
{
	struct iovec here = {to, size}, there = {(void *)(unsigned long)from, size};

	return process_vm_readv(process, &here, 1, &there, 1, 0) == (ssize_t)size;
}

/* Questions to the kernel: dumps, and rtnetlink's GET requests. */
static bool netlink_only_reads(int process, unsigned long long message)
{
	struct nlmsghdr header;

	if (!copy_from(process, message, &header, sizeof(header)))
		return false;
	if ((header.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP)
		return true;
	return header.nlmsg_type >= RTM_BASE && header.nlmsg_type < RTM_MAX &&
	       header.nlmsg_type % 4 == RTM_GETLINK % 4;
}

static bool only_reads(int process, const struct seccomp_data *call)
{
	struct msghdr message;
	struct iovec first;

	if (call->nr == SCMP_SYS(bpf))
		return bpf_only_reads((unsigned int)call->args[0]);
	if (call->nr == SCMP_SYS(sendto))
		return netlink_only_reads(process, call->args[1]);
	if (call->nr == SCMP_SYS(ioctl))
		return call->args[1] != SIOCSIFFLAGS;
	return call->nr == SCMP_SYS(sendmsg) &&
	       copy_from(process, call->args[1], &message, sizeof(message)) &&
	       copy_from(process, (unsigned long)message.msg_iov, &first, sizeof(first)) &&
	       netlink_only_reads(process, (unsigned long)first.iov_base);
}

/* The dynamic linker at work: nothing of the command's own yet. */
static bool opens_library(int process, const struct seccomp_data *call)
{
	char path[256] = "";

	if (call->nr != SCMP_SYS(openat))
		return false;
	/* A string near the end of a page may be shorter than what is asked for. */
	for (size_t size = sizeof(path) - 1;
	     size && !copy_from(process, call->args[1], path, size);)
		size /= 2;
	return strstr(path, ".so");
}

static bool counts(const struct kind *kind, const struct seccomp_notif *call)
{
	if (opens_library(call->pid, &call->data))
		return false;
	return kind->calls != changes || !only_reads(call->pid, &call->data);
}

static void die(const char *what)
{
	perror(what);
	_exit(99);
}

/* In the child: nobody can be told by a system call any more, hence the shared page. */
static void run(const struct kind *kind, volatile int *notify, char **command)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
	for (size_t i = 0; i < kind->count; i++)
		if (seccomp_rule_add(filter, SCMP_ACT_NOTIFY, kind->calls[i], 0))
			die("seccomp_rule_add");
	if (seccomp_load(filter))
		die("seccomp_load");
	*notify = seccomp_notify_fd(filter);
	/* The command must not start, and close it, before the supervisor has it. */
	while (*notify)
		usleep(100);
	execvp(command[0], command);
	die(command[0]);
}

static int take_notify(int child, volatile int *notify)
{
	int pidfd = pidfd_open(child, 0), fd;

	while (!*notify && !waitpid(child, NULL, WNOHANG))
		usleep(200);
	fd = pidfd_getfd(pidfd, *notify, 0);
	if (fd < 0)
		die("pidfd_getfd");
	*notify = 0;
	return fd;
}

/* What becomes of the call: an error, or a signal. */
struct what {
	int error;
	int signal;
};

static struct what find_what(const char *word)
{
	static const struct {
		const char *name;
		int signal;
	} signals[] = {{"kill", SIGKILL},
		       {"INT", SIGINT},
		       {"TERM", SIGTERM},
		       {"HUP", SIGHUP},
		       {"PIPE", SIGPIPE}};

	for (size_t i = 0; i < COUNT_OF(signals); i++)
		if (!strcmp(signals[i].name, word))
			return (struct what){.signal = signals[i].signal};
	return (struct what){.error = atoi(word)};
}

/* Answer every call until the command has ended. How many there were. */
static unsigned long supervise(int fd, int child, const struct kind *kind, unsigned long at,
			       struct what what)
{
	struct seccomp_notif *call;
	struct seccomp_notif_resp *answer;
	unsigned long count = 0;

	if (seccomp_notify_alloc(&call, &answer))
		die("seccomp_notify_alloc");
	for (;;) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};

		if (poll(&ready, 1, -1) < 0 || ready.revents & POLLHUP)
			return count;
		memset(call, 0, sizeof(*call));
		if (seccomp_notify_receive(fd, call))
			continue;
		*answer = (struct seccomp_notif_resp){.id = call->id,
						      .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
		if (counts(kind, call) && ++count == at) {
			fprintf(stderr, "fault: at %s(%llu)\n",
				seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, call->data.nr),
				call->data.args[0]);
			if (what.signal == SIGKILL) {
				kill(child, SIGKILL);
				kill(call->pid, SIGKILL);
				continue;
			}
			if (what.signal) {
				kill(-child, what.signal);
			} else {
				answer->flags = 0;
				answer->error = -what.error;
			}
		}
		seccomp_notify_respond(fd, answer);
	}
}

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (!strcmp(name, kinds[i].name))
			return &kinds[i];
	fprintf(stderr, "fault: no kind '%s'\n", name);
	exit(99);
}

int main(int argc, char **argv)
{
	volatile int *notify = mmap(NULL, sizeof(*notify), PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const struct kind *kind;
	unsigned long count;
	int child, status;

	if (argc < 5)
		return 99;
	kind = find_kind(argv[1]);
	child = fork();
	if (!child)
		run(kind, notify, argv + 4);
	count = supervise(take_notify(child, notify), child, kind, strtoul(argv[2], NULL, 10),
			  find_what(argv[3]));
	waitpid(child, &status, 0);
	fprintf(stderr, "fault: %lu calls\n", count);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
