# SPDX-License-Identifier: LGPL-2.1-or-later
# awk -f table.awk rows.txt bench.tsv: the rows, with values, ratios and whether aims are met. A row
# without its figure is left out.
BEGIN {
    FS = "\t"
}

function trim(text) {
    gsub(/^ +| +$/, "", text)
    return text
}

FNR == 1 { file++ }

file == 1 {
    if ($0 !~ /^#/ && $0 !~ /^ *$/) {
        n = split($0, field, "|")
        rows++
        for (i = 1; i <= 4; i++) row[rows, i] = i <= n ? trim(field[i]) : ""
    }
    next
}

{
    value[$1] = $2
    unit[$1] = $3
}

# The aim "<= 600" is about the value, "x <= 1.3" about the ratio.
function verdict(aim, v, ratio,    word, x, met) {
    if (aim == "") return ""
    split(aim, word, " ")
    x = word[1] == "x" ? ratio : v
    i = word[1] == "x" ? 2 : 1
    if (x == "") return ""
    met = word[i] == "<=" ? x + 0 <= word[i + 1] + 0 : x + 0 >= word[i + 1] + 0
    missed += !met
    return met ? "met" : "MISSED"
}

END {
    for (r = 1; r <= rows; r++) {
        figure = row[r, 2]
        if (figure == "") {
            heading = row[r, 1]
            continue
        }
        if (!(figure in value)) continue
        if (heading != "") {
            printf "\n%-52s %10s %-12s %10s %7s  %-12s\n", heading, "", "", "against", "ratio", "aim"
            heading = ""
        }
        against = row[r, 3]
        ratio = against in value && value[against] != 0 ? value[figure] / value[against] : ""
        printf "  %-50s %10.4g %-12s %10s %7s  %-12s %s\n", row[r, 1], value[figure], unit[figure],
               against in value ? sprintf("%.4g", value[against]) : "",
               ratio != "" ? sprintf("%.2f", ratio) : "", row[r, 4],
               verdict(row[r, 4], value[figure], ratio)
    }
    printf "\n%s\n", missed ? missed " aims missed" : "all aims met"
}
