// Two threads in order: no sanitizer may report anything.
#include <pthread.h>

int value = 0;

void* write_value(void*) {
  value = 1;
  return nullptr;
}

int main() {
  pthread_t other;
  pthread_create(&other, nullptr, write_value, nullptr);
  pthread_join(other, nullptr);
  return value - 1;
}
