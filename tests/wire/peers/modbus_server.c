/* A Modbus/TCP device made with libmodbus: holding registers and nothing else. A judge that nobody here has written.
 * usage: modbus_server REGISTER=VALUE...   prints its port, serves one connection after the other, ends at EOF on stdin. */
#include <errno.h>
#include <modbus.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    modbus_t *ctx = modbus_new_tcp("127.0.0.1", 0);
    modbus_mapping_t *map = modbus_mapping_new(0, 0, 400, 0);
    int listener = modbus_tcp_listen(ctx, 1);
    struct sockaddr_in at;
    socklen_t size = sizeof at;
    uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
    int connection = -1;

    for (int n = 1, reg, value; n < argc; n++)
        if (sscanf(argv[n], "%d=%d", &reg, &value) == 2)
            map->tab_registers[reg] = (uint16_t)value;
    if (listener < 0 || getsockname(listener, (struct sockaddr *)&at, &size) < 0)
        return 1;
    printf("%d\n", ntohs(at.sin_port));
    fflush(stdout);
    for (;;) {
        struct pollfd watched[2] = {{STDIN_FILENO, POLLIN, 0}, {connection < 0 ? listener : connection, POLLIN, 0}};
        poll(watched, 2, -1);
        if (watched[0].revents)
            break;
        if (connection < 0) {
            connection = modbus_tcp_accept(ctx, &listener);
            continue;
        }
        int length = modbus_receive(ctx, query);
        if (length > 0)
            modbus_reply(ctx, query, length, map);
        else if (length < 0) {
            close(connection);
            connection = -1;
        }
    }
    modbus_mapping_free(map);
    modbus_free(ctx);
    return 0;
}
