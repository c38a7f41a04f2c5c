// A known data race: ThreadSanitizer must report it.
#include <pthread.h>

int value = 0;

void* write_value(void*) {
  value = 1;
  return nullptr;
}

int main() {
  pthread_t other;
  pthread_create(&other, nullptr, write_value, nullptr);
  value = 2;
  pthread_join(other, nullptr);
}
