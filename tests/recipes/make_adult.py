"""Prepare the built-in audit's data: the UCI Adult census rows as sentences, with two models to audit.

Makes   adult.csv.zst   48,842 rows: id, split, text, label (1 = income above $50K), score and cross-entropy loss of the
                        models v1 and v2, and 40 binary attributes (columns "attribute:NAME", 0 or 1)
From    adult.data and adult.test (plain or .gz) of the UCI data set "Adult", doi 10.24432/C5XW20, CC BY 4.0
Needs   Python 3.11, numpy 2.4.6, pandas 3.1.1, scikit-learn 1.9.1, zstandard 0.25.0
Run     python make_adult.py adult.data adult.test src/data/builtin/adult.csv.zst              (half a minute, one core)

Text    Each row is one English sentence: a head (age group, race, sex, age), then clauses in an order drawn from a
        generator seeded by the row's number, so that no position in the sentence gives a feature away.
v1      Logistic regression fitted only on the training rows under 30. It has never seen anyone older: a known blind
        spot for an audit to find.
v2      Gradient boosting fitted on all training rows, the repaired model. Its scores on the training rows are
        out of fold (five folds), so that training losses look like test losses.
Loss    -ln of the probability given to the true label, the probability kept within [1e-6, 1 - 1e-6].

The source column fnlwgt is not used. Ids count the training file's rows from 0, then the test file's.
"""

import argparse
import csv
import gzip
import hashlib
import io
from pathlib import Path

import numpy as np
import pandas as pd
import zstandard
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

COLUMNS = [
    *("age", "workclass", "fnlwgt", "education", "education_years", "marital", "occupation", "relationship"),
    *("race", "sex", "gain", "loss", "hours", "country", "income"),
]
COUNTS = ("age", "fnlwgt", "education_years", "gain", "loss", "hours")
UNKNOWN = "?"


def read_rows(path):
    """Rows of one published file; lines that do not start with an age (headers, blanks) are passed over."""
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    lines = [line for line in data.decode("ascii").splitlines() if line[:1].isdigit()]
    frame = pd.DataFrame(csv.reader(lines, skipinitialspace=True), columns=COLUMNS)
    for name in COUNTS:
        frame[name] = frame[name].astype(int)
    frame["label"] = frame.income.str.startswith(">50K").astype(int)
    return frame


# --- sentences ---------------------------------------------------------------------------------------------------

RACE = {
    "White": "white",
    "Black": "Black",
    "Asian-Pac-Islander": "Asian",
    "Amer-Indian-Eskimo": "Native American",
    "Other": "",
}
MARITAL = {
    "Never-married": "never married",
    "Married-civ-spouse": "married",
    "Married-spouse-absent": "married to an absent spouse",
    "Married-AF-spouse": "married to a member of the armed forces",
    "Separated": "separated from a spouse",
    "Divorced": "divorced",
    "Widowed": "widowed",
}
HOUSEHOLD = {
    "Husband": "",
    "Wife": "",
    "Own-child": "living with {his} parents",
    "Other-relative": "living with relatives",
    "Unmarried": "heading a household without a spouse",
    "Not-in-family": "not living with family",
}
EDUCATION = {
    "Preschool": "with no schooling beyond preschool",
    "1st-4th": "with only a few years of elementary school",
    "5th-6th": "who left school in fifth or sixth grade",
    "7th-8th": "who left school in seventh or eighth grade",
    "9th": "who left school in ninth grade",
    "10th": "who left school in tenth grade",
    "11th": "who left school in eleventh grade",
    "12th": "who left school in twelfth grade without a diploma",
    "HS-grad": "a high-school graduate",
    "Some-college": "with some college but no degree",
    "Assoc-voc": "with a vocational associate degree",
    "Assoc-acdm": "with an academic associate degree",
    "Bachelors": "with a bachelor's degree",
    "Masters": "with a master's degree",
    "Prof-school": "with a professional-school degree",
    "Doctorate": "with a doctorate",
}
OCCUPATION = {
    "Adm-clerical": "in an office clerical job",
    "Armed-Forces": "in the armed forces",
    "Craft-repair": "in a skilled trade or repair job",
    "Exec-managerial": "as an executive or manager",
    "Farming-fishing": "in farming or fishing",
    "Handlers-cleaners": "as a labourer or cleaner",
    "Machine-op-inspct": "as a factory machine operator",
    "Other-service": "in a service job",
    "Priv-house-serv": "as a housekeeper in a private home",
    "Prof-specialty": "as a professional specialist",
    "Protective-serv": "in police, fire or security services",
    "Sales": "in sales",
    "Tech-support": "in technical support",
    "Transport-moving": "as a driver in transport",
}
EMPLOYER = {
    "Private": " for a private company",
    "Federal-gov": " for the federal government",
    "State-gov": " for the state government",
    "Local-gov": " for the local government",
    "Self-emp-not-inc": ", self-employed",
    "Self-emp-inc": ", the owner of an incorporated business",
    "Without-pay": " without pay",
}
COUNTRY = {
    "Columbia": "Colombia",
    "Dominican-Republic": "the Dominican Republic",
    "El-Salvador": "El Salvador",
    "Holand-Netherlands": "the Netherlands",
    "Hong": "Hong Kong",
    "Outlying-US(Guam-USVI-etc)": "Guam or the US Virgin Islands",
    "Philippines": "the Philippines",
    "Puerto-Rico": "Puerto Rico",
    "South": "South Korea",
    "Trinadad&Tobago": "Trinidad and Tobago",
    "United-States": "the United States",
}


def age_group(age):
    for limit, word in ((30, "young"), (40, ""), (60, "middle-aged"), (70, "older")):
        if age < limit:
            return word
    return "elderly"


def head(row):
    words = [age_group(row.age), RACE[row.race], "man" if row.sex == "Male" else "woman"]
    name = " ".join(word for word in words if word)
    article = "An" if name[0] in "AEIOaeio" else "A"
    note = ", of another race" if row.race == "Other" else ""
    return f"{article} {name}, {row.age} years old{note}"


def work(row):
    if row.workclass == "Never-worked":
        job = "who has never worked"
    elif row.occupation == UNKNOWN:
        job = "with no recorded occupation"
    else:
        job = f"working {OCCUPATION[row.occupation]}{EMPLOYER[row.workclass]}"
    note = ", part-time" if row.hours < 35 else ", long hours" if row.hours >= 50 else ""
    return f"{job}, {row.hours} hours a week{note}"


def investments(row):
    if row.gain > 0:
        return "with capital gains from investments"
    return "with capital losses from investments" if row.loss > 0 else ""


def birthplace(row):
    return "" if row.country == UNKNOWN else "born in " + COUNTRY.get(row.country, row.country)


def sentence(number, row):
    household = HOUSEHOLD[row.relationship].format(his="his" if row.sex == "Male" else "her")
    clauses = [MARITAL[row.marital], household, EDUCATION[row.education], work(row), investments(row), birthplace(row)]
    clauses = [clause for clause in clauses if clause]
    seed = hashlib.sha256(f"adult{number}".encode()).hexdigest()[:12]
    np.random.default_rng(int(seed, 16)).shuffle(clauses)
    return ", ".join([head(row), *clauses]) + "."


# --- attributes --------------------------------------------------------------------------------------------------


def among(column, *values):
    return lambda row: getattr(row, column) in values


ADVANCED = ("Masters", "Prof-school", "Doctorate")
BELOW_DIPLOMA = [level for level in EDUCATION if level == "Preschool" or level.endswith("th")]
MANUAL = ("Craft-repair", "Machine-op-inspct", "Transport-moving", "Handlers-cleaners", "Farming-fishing")
MARRIED = [status for status in MARITAL if status.startswith("Married")]

ATTRIBUTES = {
    "Male": among("sex", "Male"),
    "White": among("race", "White"),
    "Black": among("race", "Black"),
    "Asian": among("race", "Asian-Pac-Islander"),
    "Young": lambda row: row.age < 30,
    "Middle-aged": lambda row: 40 <= row.age < 60,
    "Senior": lambda row: row.age >= 60,
    "Married": among("marital", *MARRIED),
    "Never married": among("marital", "Never-married"),
    "Divorced": among("marital", "Divorced"),
    "Separated": among("marital", "Separated"),
    "Widowed": among("marital", "Widowed"),
    "Living with parents": among("relationship", "Own-child"),
    "Single parent": among("relationship", "Unmarried"),
    "College degree": among("education", "Bachelors", *ADVANCED),
    "Advanced degree": among("education", *ADVANCED),
    "Some college": among("education", "Some-college"),
    "High-school graduate": among("education", "HS-grad"),
    "School dropout": among("education", *BELOW_DIPLOMA),
    "Private company": among("workclass", "Private"),
    "Government job": among("workclass", "Federal-gov", "Local-gov", "State-gov"),
    "Self-employed": among("workclass", "Self-emp-not-inc", "Self-emp-inc"),
    "Business owner": among("workclass", "Self-emp-inc"),
    "Executive": among("occupation", "Exec-managerial"),
    "Professional": among("occupation", "Prof-specialty"),
    "Sales": among("occupation", "Sales"),
    "Clerical": among("occupation", "Adm-clerical"),
    "Blue collar": among("occupation", *MANUAL),
    "Skilled trade": among("occupation", "Craft-repair"),
    "Machine operator": among("occupation", "Machine-op-inspct"),
    "Driver": among("occupation", "Transport-moving"),
    "Farming": among("occupation", "Farming-fishing"),
    "Service job": among("occupation", "Other-service", "Priv-house-serv"),
    "Tech support": among("occupation", "Tech-support"),
    "Police or security": among("occupation", "Protective-serv"),
    "Long hours": lambda row: row.hours >= 50,
    "Part-time": lambda row: row.hours < 35,
    "Born abroad": lambda row: row.country not in ("United-States", UNKNOWN),
    "Born in Mexico": among("country", "Mexico"),
    "Capital gains": lambda row: row.gain > 0,
}


# --- models ------------------------------------------------------------------------------------------------------

CATEGORIES = ["workclass", "marital", "occupation", "relationship", "race", "sex", "country"]
NUMBERS = ["age", "education_years", "log_gain", "log_loss", "hours"]


def features(rows):
    return rows.assign(log_gain=np.log1p(rows.gain), log_loss=np.log1p(rows.loss))[CATEGORIES + NUMBERS]


def logistic_regression():
    inputs = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), CATEGORIES), (StandardScaler(), NUMBERS))
    return make_pipeline(inputs, LogisticRegression(C=1.0, max_iter=2000))


def gradient_boosting():
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    inputs = make_column_transformer((one_hot, CATEGORIES), ("passthrough", NUMBERS))
    boosting = HistGradientBoostingClassifier(max_iter=150, learning_rate=0.08, max_leaf_nodes=31, random_state=0)
    return make_pipeline(inputs, boosting)


def score_both(rows, training):
    """Probability of the positive label under v1 and v2, for every row."""
    inputs, label = features(rows), rows.label
    young = training & (rows.age < 30)
    first = logistic_regression().fit(inputs[young], label[young]).predict_proba(inputs)[:, 1]
    second = gradient_boosting().fit(inputs[training], label[training]).predict_proba(inputs)[:, 1]
    folds = KFold(5, shuffle=True, random_state=0)
    held_out = cross_val_predict(
        gradient_boosting(), inputs[training], label[training], cv=folds, method="predict_proba"
    )
    second[training] = held_out[:, 1]
    return {"v1": first, "v2": second}


def cross_entropy(label, score):
    true = np.where(label == 1, score, 1 - score)
    return -np.log(np.clip(true, 1e-6, 1 - 1e-6))


# --- output ------------------------------------------------------------------------------------------------------


def decimal(value):
    return f"{value:.6f}".rstrip("0").rstrip(".")


def write_table(path, header, lines):
    """No name and no time go into the file: the same table is always the same bytes."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    path.write_bytes(zstandard.ZstdCompressor(level=22, write_checksum=True).compress(text.getvalue().encode()))


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("train", type=Path, help="adult.data, plain or .gz")
    arguments.add_argument("test", type=Path, help="adult.test, plain or .gz")
    arguments.add_argument("output", type=Path, help="the table to write, .csv.gz")
    options = arguments.parse_args()

    train, test = read_rows(options.train), read_rows(options.test)
    rows = pd.concat([train, test], ignore_index=True)
    training = np.arange(len(rows)) < len(train)
    label = rows.label.to_numpy()
    header, columns = ["id", "split", "text", "label"], []
    for name, score in score_both(rows, training).items():
        loss = cross_entropy(label, score)
        header += [f"score:{name}", f"loss:{name}"]
        columns += [[decimal(value) for value in score], [decimal(value) for value in loss]]
        area, mean = roc_auc_score(label[~training], score[~training]), loss[~training].mean()
        print(f"{name}: test area under the ROC curve {area:.4f}, mean loss {mean:.4f}")
    header += [f"attribute:{name}" for name in ATTRIBUTES]
    lines = []
    for number, row in enumerate(rows.itertuples()):
        split = "train" if training[number] else "test"
        flags = [int(holds(row)) for holds in ATTRIBUTES.values()]
        lines.append([number, split, sentence(number, row), row.label, *(column[number] for column in columns), *flags])
    write_table(options.output, header, lines)
    print(f"{len(lines)} rows, {options.output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
