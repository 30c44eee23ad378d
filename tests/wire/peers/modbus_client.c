/* A Modbus/TCP client made with libmodbus, for the bench: one FC23 of both images a cycle, at a fixed pace.
 * usage: modbus_client PORT READ_AT READ_COUNT WRITE_AT WRITE_COUNT PERIOD_US CYCLES
 * prints the ns of each cycle, one a line, and last "cpu" with the process's own ns. */
#include <modbus.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int64_t now_ns(clockid_t clock)
{
    struct timespec at;
    clock_gettime(clock, &at);
    return at.tv_sec * INT64_C(1000000000) + at.tv_nsec;
}

int main(int argc, char **argv)
{
    if (argc != 8)
        return 2;
    int read_at = atoi(argv[2]), read_count = atoi(argv[3]), write_at = atoi(argv[4]), write_count = atoi(argv[5]);
    int64_t period_ns = atoll(argv[6]) * 1000;
    int cycles = atoi(argv[7]), on = 1;
    uint16_t out[125] = {0}, in[125];
    int64_t *took = calloc(cycles, sizeof *took);
    modbus_t *ctx = modbus_new_tcp("127.0.0.1", atoi(argv[1]));

    modbus_set_slave(ctx, 1);
    if (took == NULL || modbus_connect(ctx) < 0)
        return 1;
    setsockopt(modbus_get_socket(ctx), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    int64_t due = now_ns(CLOCK_MONOTONIC), cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    for (int n = 0; n < cycles; n++) {
        struct timespec at = {due / 1000000000, due % 1000000000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
        int64_t begun = now_ns(CLOCK_MONOTONIC);
        out[1] = (uint16_t)n;
        if (modbus_write_and_read_registers(ctx, write_at, write_count, out, read_at, read_count, in) != read_count)
            return 1;
        took[n] = now_ns(CLOCK_MONOTONIC) - begun;
        due += period_ns;
    }
    cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    for (int n = 0; n < cycles; n++)
        printf("%lld\n", (long long)took[n]);
    printf("cpu %lld\n", (long long)cpu);
    modbus_close(ctx);
    modbus_free(ctx);
    free(took);
    return 0;
}
