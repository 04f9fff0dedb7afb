// Package nearest finds the name that a misspelt name may mean.
package nearest

import "slices"

// Name returns the name with the fewest differences from a misspelt one: inserted, missing, wrong
// and exchanged characters, at most one for every four characters and three in all. It is "" if no
// name is near; the first of several in alphabetical order.
func Name(misspelt string, names []string) string {
	best, fewest := "", min(max(len(misspelt)/4, 1), 3)+1
	for _, name := range slices.Sorted(slices.Values(names)) {
		if n := differences(misspelt, name); n < fewest {
			best, fewest = name, n
		}
	}
	return best
}

// differences counts the characters by which two texts differ (the restricted Damerau-Levenshtein
// distance).
func differences(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
