// A known leak: LeakSanitizer must report it.
int* volatile lost = nullptr;

int main() {
  lost = new int(1);
  lost = nullptr;
}
