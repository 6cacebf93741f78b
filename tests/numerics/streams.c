/* The seeded streams in plain C, from their definition alone: what a reader in C needs. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t word(uint64_t seed, uint64_t stream, uint64_t i)
{
    uint64_t b = i / 4, c[4] = {b & 0xFFFFFFFF, b >> 32, stream, 0};
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (int round = 0; round < 10; round++, k0 += 0x9E3779B9, k1 += 0xBB67AE85) {
        uint64_t p = 0xD2511F53 * c[0], q = 0xCD9E8D57 * c[2];
        uint64_t next[4] = {(q >> 32) ^ c[1] ^ k0, q & 0xFFFFFFFF,
                            (p >> 32) ^ c[3] ^ k1, p & 0xFFFFFFFF};
        memcpy(c, next, sizeof c);
    }
    return c[i % 4];
}

static uint64_t key_seed;
static int by_key(const void *a, const void *b)
{
    uint64_t i = *(const uint64_t *)a, j = *(const uint64_t *)b;
    uint64_t x = word(key_seed, 3, i), y = word(key_seed, 3, j);
    return x != y ? (x > y) - (x < y) : (i > j) - (i < j);
}

/* Which of the population are chosen; the caller frees. Small populations only. */
static char *subset(uint64_t seed, uint64_t population, uint64_t count)
{
    int most = 2 * count > population;
    uint64_t wanted = most ? population - count : count;
    char *chosen = calloc(population, 1);
    for (uint64_t i = 0, found = 0; found < wanted; i++) {
        char *place = chosen + (word(seed, 5, i) * population >> 32);
        found += !*place;
        *place = 1;
    }
    for (uint64_t i = 0; most && i < population; i++) chosen[i] = !chosen[i];
    return chosen;
}

/* One command a line, "what seed a b count"; one line of numbers in answer. */
int main(void)
{
    char what[16];
    uint64_t seed, a, b, n;
    while (scanf("%15s %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, what, &seed, &a, &b, &n) == 5) {
        uint64_t *order = malloc((n + 1) * sizeof *order);
        for (uint64_t i = 0; i < n; i++) order[i] = i;
        key_seed = seed;
        if (!strcmp(what, "permutation")) qsort(order, n, sizeof *order, by_key);
        char *chosen = strcmp(what, "subset") ? NULL : subset(seed, a, b);
        for (uint64_t i = 0; i < n; i++) {
            if (!strcmp(what, "words")) printf("%" PRIu64 " ", word(seed, a, b + i));
            if (!strcmp(what, "signs")) printf("%d ", word(seed, 1, i) >> 31 ? -1 : 1);
            if (!strcmp(what, "integers")) printf("%" PRIu64 " ", word(seed, 2, i) * a >> 32);
            if (!strcmp(what, "permutation")) printf("%" PRIu64 " ", order[i]);
            if (!strcmp(what, "subset") && chosen[i]) printf("%" PRIu64 " ", i);
            if (!strcmp(what, "derive"))
                printf("%" PRIu64 " ", (word(seed, 4, 2 * a) << 32 | word(seed, 4, 2 * a + 1)) >> 1);
        }
        puts("");
        free(chosen);
        free(order);
    }
    return 0;
}
