// A known overflow: AddressSanitizer must report it.
int main(int count, char**) {
  int* volatile items = new int[1];
  items[count] = 1;
  delete[] items;
}
