// The load for the server jobs: sends lines, checks each byte that comes back, prints one JSON line. Linux only.
//
// load echo HOST PORT CONNECTIONS IN_FLIGHT LINES     LINES on each connection, IN_FLIGHT of them unanswered
// load datagrams HOST PORT SOCKETS 1 DATAGRAMS        the same over UDP, one unanswered per socket
// load connect HOST PORT AT_A_TIME 1 CONNECTIONS      connect, one line, its echo, the server closes
// load idle HOST PORT CONNECTIONS 1 1                 one line on each, then open until the end of stdin
//
// In C, because on a machine with two cores a load that costs more than the server would measure itself.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 32, CHUNK = 65536, PATIENCE_MS = 20000, EVENTS = 256 };
// A prime number of different lines, so that one lost, doubled or swapped does not go unseen.
enum { PERIOD = 1009 * LINE };

typedef struct {
  int fd;
  int64_t start, sent, received, goal; // in bytes; `start` is where in the pattern it begins
} Stream;

// Longer than the period by a chunk: what is sent or compared is always one piece.
static char pattern[PERIOD + CHUNK];
static struct sockaddr_in server;
static int poller;

static void fail(const char *what) {
  if (errno) fprintf(stderr, "Error: load: %s: %s\n", what, strerror(errno));
  else fprintf(stderr, "Error: load: %s\n", what);
  exit(1);
}

static void fill_pattern(void) {
  for (int line = 0; line < PERIOD / LINE; line++) {
    char text[LINE + 1];
    snprintf(text, sizeof text, "line %04d abcdefghijklmno %04d\r\n", line, PERIOD / LINE - line);
    memcpy(pattern + line * LINE, text, LINE);
  }
  for (int at = PERIOD; at < PERIOD + CHUNK; at++) pattern[at] = pattern[at - PERIOD];
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

// Connects and waits for it: on loopback that is as fast as not waiting.
static void open_stream(Stream *stream, int type, int64_t number, int64_t lines) {
  int yes = 1;
  *stream = (Stream){.start = number * 7 * LINE % PERIOD, .goal = lines * LINE};
  stream->fd = socket(AF_INET, type, 0);
  if (stream->fd < 0) fail("socket");
  if (type == SOCK_STREAM) setsockopt(stream->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (connect(stream->fd, (struct sockaddr *)&server, sizeof server) < 0) fail("connect");
}

static void watch(Stream *stream) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = stream};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, stream->fd, &event) < 0) fail("epoll_ctl");
}

static int wait_for(struct epoll_event *events) {
  int ready = epoll_wait(poller, events, EVENTS, PATIENCE_MS);
  if (ready < 0) fail("epoll_wait");
  errno = 0;
  if (ready == 0) fail("no answer for 20 s");
  return ready;
}

// Sends as many lines in one piece as the window has room for.
static void send_lines(Stream *stream, int64_t window) {
  int64_t size = window * LINE - (stream->sent - stream->received / LINE * LINE);
  if (size > stream->goal - stream->sent) size = stream->goal - stream->sent;
  if (size <= 0) return;
  ssize_t done = send(stream->fd, pattern + (stream->start + stream->sent) % PERIOD, size, MSG_NOSIGNAL);
  if (done < 0) fail("send");
  errno = 0;
  if (done != size) fail("a window did not fit in the send buffer");
  stream->sent += size;
}

// Receives once and compares; false at the end of the stream.
static int receive(Stream *stream) {
  static char chunk[CHUNK];
  ssize_t size = recv(stream->fd, chunk, sizeof chunk, 0);
  if (size < 0) fail("recv");
  errno = 0;
  if (size == 0) return 0;
  if (stream->received + size > stream->sent) fail("more came back than was sent");
  if (memcmp(chunk, pattern + (stream->start + stream->received) % PERIOD, size)) fail("other bytes came back");
  stream->received += size;
  return 1;
}

static void print_result(double seconds, int64_t items) {
  printf("{\"seconds\":%.6f,\"items\":%lld}\n", seconds, (long long)items);
  fflush(stdout);
}

// The clock stops at the last answer; then each server must still close, and send nothing more.
static void run_echo(int type, int count, int window, int64_t lines) {
  Stream *streams = calloc(count, sizeof *streams);
  struct epoll_event events[EVENTS];
  int unanswered = count, open = count;
  for (int i = 0; i < count; i++) open_stream(&streams[i], type, i, lines);
  for (int i = 0; i < count; i++) watch(&streams[i]);
  double before = now(), seconds = 0;
  for (int i = 0; i < count; i++) send_lines(&streams[i], window);
  while (open > 0) {
    int ready = wait_for(events);
    for (int i = 0; i < ready; i++) {
      Stream *stream = events[i].data.ptr;
      if (!receive(stream)) {
        if (stream->received < stream->goal) fail("the server closed too early");
        close(stream->fd);
        open--;
      } else if (stream->received < stream->goal) {
        send_lines(stream, window);
      } else {
        if (--unanswered == 0) seconds = now() - before;
        if (type == SOCK_STREAM) {
          shutdown(stream->fd, SHUT_WR);
        } else {
          close(stream->fd);
          open--;
        }
      }
    }
  }
  print_result(seconds, lines * count);
}

static void start_exchange(Stream *stream, int64_t number) {
  open_stream(stream, SOCK_STREAM, number, 1);
  send_lines(stream, 1);
  watch(stream);
}

static void run_connect(int width, int64_t count) {
  Stream *streams = calloc(width, sizeof *streams);
  struct epoll_event events[EVENTS];
  int64_t started = 0, ended = 0;
  double before = now();
  for (; started < width && started < count; started++) start_exchange(&streams[started], started);
  while (ended < count) {
    int ready = wait_for(events);
    for (int i = 0; i < ready; i++) {
      Stream *stream = events[i].data.ptr;
      if (receive(stream)) continue;
      if (stream->received != LINE) fail("the server closed too early");
      close(stream->fd);
      ended++;
      if (started < count) start_exchange(stream, started++);
    }
  }
  print_result(now() - before, ended);
}

static void run_idle(int count) {
  struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
  double before = now();
  for (int i = 0; i < count; i++) {
    Stream stream;
    open_stream(&stream, SOCK_STREAM, i, 1);
    setsockopt(stream.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    send_lines(&stream, 1);
    while (stream.received < LINE) {
      if (!receive(&stream)) fail("the server closed too early");
    }
  }
  print_result(now() - before, count);
  while (getchar() != EOF) continue;
}

int main(int argc, char **argv) {
  if (argc != 7) fail("arguments: job host port width window count");
  const char *job = argv[1];
  int width = atoi(argv[4]), window = atoi(argv[5]);
  int64_t count = atoll(argv[6]);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(argv[3]))};
  errno = 0;
  if (inet_pton(AF_INET, argv[2], &server.sin_addr) != 1) fail("the host must be an IPv4 address");
  if (window < 1 || window > CHUNK / LINE) fail("the window is out of range");
  fill_pattern();
  poller = epoll_create1(0);
  if (!strcmp(job, "echo")) run_echo(SOCK_STREAM, width, window, count);
  else if (!strcmp(job, "datagrams")) run_echo(SOCK_DGRAM, width, window, count);
  else if (!strcmp(job, "connect")) run_connect(width, count);
  else if (!strcmp(job, "idle")) run_idle(width);
  else fail("no such job");
}
