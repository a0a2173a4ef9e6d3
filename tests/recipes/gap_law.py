"""The gap of two means by its definition: Welch's t, the one Zhou & Dinh (2005) correct for skew, and the test by what all items
vary by, its sums taken for gamma variates (Wilson & Hilferty 1931). The most careful of the three counts."""

import math

from scipy import optimize, stats


class Gap:
    def __init__(self, x, y):
        self.n, self.m = len(x), len(y)
        self.gap = x.mean() - y.mean()
        self.variances = x.var(ddof=1), y.var(ddof=1)
        self.thirds = [((v - v.mean()) ** 3).mean() for v in (x, y)]
        of_means = self.variances[0] / self.n, self.variances[1] / self.m
        self.variance = sum(of_means)
        self.df = self.variance**2 / (of_means[0] ** 2 / (self.n - 1) + of_means[1] ** 2 / (self.m - 1))
        self.skew = (self.thirds[0] / self.n**2 - self.thirds[1] / self.m**2) / self.variance**1.5
        self.mean = (x.sum() + y.sum()) / (self.n + self.m)
        self.scales = min(x.min(), y.min()) >= 0
        within = ((x - x.mean()) ** 2).sum() + ((y - y.mean()) ** 2).sum()
        self.pooled = within / (self.n + self.m - 2)
        self.cubes = (self.n * self.thirds[0] + self.m * self.thirds[1]) / (self.n + self.m)

    def side(self, at, mean):
        """Variance and third cumulant of a side's mean: its own, or what all items let expect of one of that mean."""
        n = (self.n, self.m)[at]
        rate = min(max(mean / self.mean, 0), 1) if self.scales else 1
        if self.variances[at] > rate * self.pooled:
            return self.variances[at] / n, self.thirds[at] / n**2
        return rate * self.pooled / n, rate * self.cubes / n**2

    def p_pooled(self, truth):
        all_items = self.n + self.m
        (v1, k1), (v0, k0) = self.side(0, self.mean + truth * self.m / all_items), self.side(1, self.mean - truth * self.n / all_items)
        z, skew = (self.gap - truth) / math.sqrt(v1 + v0), min(max((k1 - k0) / (v1 + v0) ** 1.5, -2), 2)
        deviate = 6 / skew * (max(1 + skew * z / 2, 0) ** (1 / 3) - 1) + skew / 6
        return 2 * stats.t.sf(abs(deviate), all_items - 2)

    def p(self, truth=0.0):
        t, g = (self.gap - truth) / math.sqrt(self.variance), self.skew
        corrected = t + g * t**2 / 3 + g**2 * t**3 / 27 + g / 6
        own = max(2 * stats.t.sf(abs(t), self.df), 2 * stats.t.sf(abs(corrected), self.df))
        return max(own, self.p_pooled(truth))

    def interval(self):
        far = 9 * math.sqrt(self.variance + self.pooled / min(self.n, self.m))
        spans = (self.gap - far, self.gap), (self.gap, self.gap + far)
        return [optimize.brentq(lambda truth: self.p(truth) - 0.05, *span) for span in spans]
