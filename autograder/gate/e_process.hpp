// Evidence from a row of signs, as it grows, that may be looked at after every sign.
//
//      E = mean over lambda in {0.3, 0.6, 0.9} of the product of (1 + lambda * sign)
//
// A bet at fair odds: while bad signs come at most half of the time, whatever came before,
// E is a supermartingale that starts at 1, so the chance that it ever reaches c is at most
// 1/c (Ville, 1939). The coin that orders a block is what makes the odds fair: for two equal
// programs it turns any d into -d half of the time, so no machine can make d < ln X, with
// X <= 1, come more often than that.
//
// The second E bets the other way, on good signs. Three lambdas because the best one depends
// on how often signs are bad; their mean is a supermartingale too.
#pragma once

#include <array>

namespace course::gate {

class EProcess {
 public:
  void add(bool bad);

  // The evidence for more bad signs than a fair coin gives, and for fewer.
  [[nodiscard]] double bad() const { return mean(bad_); }
  [[nodiscard]] double good() const { return mean(good_); }

 private:
  using Products = std::array<double, 3>;
  static constexpr Products lambdas = {0.3, 0.6, 0.9};

  static double mean(const Products& products) {
    return (products[0] + products[1] + products[2]) / 3;
  }

  Products bad_ = {1, 1, 1};
  Products good_ = {1, 1, 1};
};

}  // namespace course::gate
