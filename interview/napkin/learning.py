"""What training and judging cost: soft targets, teachers, schedules of pruning, searches, and how many "
"images it takes."""

import math
from random import Random

from interview import formulas
from interview.napkin.problem import Problem, ask, pick, show, slip, step


def softened_probability(draw: Random) -> Problem:
    """What a temperature makes of logits."""
    temperature = pick(draw, 2, 4, 5)
    factors = pick(draw, (2, 1, 0), (3, 1, 0), (2, 0, 0), (3, 2, 0), (1.5, 1, 0), (2, 1, -1))
    logits = tuple(temperature * factor for factor in factors)
    shown = ", ".join(show(logit) for logit in logits)
    scaled = [show(factor) for factor in factors]
    return Problem(
        level="junior", topic="distillation", covers=("D2", "A7"), lesson="distillation#3 By hand",
        sources=("hinton2015, section 2",),
        given={"temperature": temperature, "logits": logits},
        text=ask(
            "A teacher's logits are {logits}. Which probability does it give the first class at temperature "
            "{temperature}?",
            "教师网络的 logits 为 {logits}。温度为 {temperature} 时，第一类的概率是多少？",
            logits=shown, temperature=temperature,
        ),
        answer=formulas.softened(*logits, temperature=temperature), unit="", tolerance=0.02,
        steps=(
            step("the first term", f"exp({show(logits[0])} / {temperature})"),
            step("sum", " + ".join(f"exp({part})" for part in scaled)),
            step("probability", f"exp({scaled[0]}) / ({' + '.join(f'exp({part})' for part in scaled)})"),
        ),
        slips=(
            slip(formulas.softened(*logits, temperature=1), "the temperature is left out", "没有除以温度"),
            slip(_twice(logits, temperature),
                 "the temperature divides probabilities; it belongs to the logits",
                 "温度除在了概率上；应当除 logits"),
            slip(1 / 3, "all classes alike; that is the limit of a high temperature",
                 "各类相等，那是温度趋于无穷的情形"),
        ),
    )  # fmt: skip


def _twice(logits: tuple[float, ...], temperature: float) -> float:
    """Softmax of probabilities over the temperature: fault F8."""
    total = sum(math.exp(logit) for logit in logits)
    return formulas.softened(*(math.exp(logit) / total for logit in logits), temperature=temperature)


def soft_gradient(draw: Random) -> Problem:
    """What becomes of the teacher's part of the gradient when the factor is forgotten."""
    temperature, classes = pick(draw, 3, 4, 5, 6, 8, 10), pick(draw, 10, 100, 1000)
    factor = formulas.soft_gradient_shrinks(temperature=temperature)
    return Problem(
        level="mid", topic="distillation", covers=("D2", "F8"), lesson="distillation#3 By hand",
        sources=("hinton2015, section 2.1",),
        given={"temperature": temperature, "classes": classes},
        text=ask(
            "A distillation loss over {classes} classes uses temperature {temperature} without any factor "
            "before it. About how many times smaller is the gradient of the teacher's part than at "
            "temperature 1, for logits near 0?",
            "一个 {classes} 类的蒸馏损失使用温度 {temperature}，前面没有乘任何系数。当 logits 接近 0 时，教师"
            "项的梯度大约是温度 1 时的几分之一（填倍数）？",
            classes=classes, temperature=temperature,
        ),
        answer=factor, unit="x", tolerance=0.02,
        steps=(
            step("logits are divided, and differences of probabilities shrink too",
                 f"{temperature} * {temperature}", "x"),
        ),
        slips=(
            slip(temperature, "the difference of the probabilities shrinks as well", "概率之差也会缩小"),
            slip(1 / factor, "upside down: what is left of it", "取反了：这是剩下的比例"),
            slip(1, "without the factor T^2 the teacher's part fades", "没有 T^2 系数，教师项会变弱"),
        ),
    )  # fmt: skip


def distillation_cost(draw: Random) -> Problem:
    """What a teacher adds to training."""
    student, teacher = pick(draw, 10, 20, 40, 60, 100), pick(draw, 200, 400, 600, 1000)
    ratio = formulas.distillation_cost(teacher=teacher, student=student)
    return Problem(
        level="mid", topic="distillation", covers=("A14", "D15"), lesson="distillation#5 Experiment",
        sources=("hinton2015", "beyer2022"),
        given={"student": student, "teacher": teacher},
        text=ask(
            "A forward pass takes {student} million multiply-accumulates in the student and {teacher} "
            "million in the teacher, which is asked anew at every step. A backward pass costs two forward "
            "ones. How many times as much does a training step cost as without the teacher?",
            "学生网络一次前向需要 {student}M 次乘加，教师网络需要 {teacher}M 次，且每一步都要重新计算教师。一"
            "次反向相当于两次前向。与没有教师相比，一步训练的计算量是多少倍？",
            student=student, teacher=teacher,
        ),
        answer=ratio, unit="x", tolerance=0.03,
        steps=(
            step("without", f"3 * {student}", "MMAC"),
            step("with", f"3 * {student} + {teacher}", "MMAC"),
            step("ratio", f"(3 * {student} + {teacher}) / (3 * {student})", "x"),
        ),
        slips=(
            slip((student + teacher) / student, "the student goes backward too, and the teacher does not",
                 "学生还要做反向传播，而教师不做"),
            slip(teacher / student, "the ratio of the nets; the student is trained either way",
                 "这是两个网络之比；学生本来就要训练"),
            slip((2 * student + teacher) / (2 * student),
                 "forward and backward cost three forward passes, not two",
                 "前向加反向相当于三次前向，不是两次"),
        ),
    )  # fmt: skip


def ensemble_distilled(draw: Random) -> Problem:
    """What distilling an ensemble saves at inference."""
    members, millions, student = (
        pick(draw, 3, 4, 5, 8, 10),
        pick(draw, 11, 25, 60),
        pick(draw, 0.5, 1, 2, 3, 5),
    )
    return Problem(
        level="junior", topic="fusion", covers=("A12", "A19", "F17", "D11"),
        lesson="distillation#5 Experiment", sources=("bucilua2006", "hinton2015"),
        given={"members": members, "millions": millions, "student": student},
        text=ask(
            "An ensemble adds up the outputs of {members} nets of {millions} million parameters each. It is "
            "distilled into one net of {student} million. How many times smaller is that?",
            "一个集成把 {members} 个网络的输出相加，每个网络有 {millions}M 个参数。把它蒸馏成一个 {student}M "
            "参数的网络，体积缩小多少倍？",
            members=members, millions=millions, student=student,
        ),
        answer=members * millions / student, unit="x", tolerance=0.03,
        steps=(
            step("ensemble", f"{members} * {millions}", "million"),
            step("ratio", f"{members} * {millions} / {student}", "x"),
        ),
        slips=(
            slip(millions / student, "an ensemble is as large as all its members together",
                 "集成的大小是所有成员之和"),
            slip(student / (members * millions), "upside down", "取反了"),
            slip(members, "the student is smaller than a member as well", "学生比单个成员还小"),
        ),
    )  # fmt: skip


def accuracy_error(draw: Random) -> Problem:
    """How sure an accuracy is."""
    percent, images = pick(draw, 70, 80, 90, 92, 95, 98, 99), pick(draw, 500, 1000, 2500, 10_000, 50_000)
    p = percent / 100
    error = 100 * formulas.accuracy_error(accuracy=p, images=images)
    return Problem(
        level="mid", topic="measuring", covers=("A5", "D18"), lesson="measuring#6 Limits",
        given={"percent": percent, "images": images},
        text=ask(
            "A net is right on {percent} % of {images} test images. What is the standard error of that "
            "accuracy, in percentage points?",
            "一个网络在 {images} 张测试图像上的准确率为 {percent} %。这个准确率的标准误差是多少个百分点？",
            percent=percent, images=images,
        ),
        answer=error, unit="%", tolerance=0.06,
        steps=(
            step("variance of an image", f"{p} * (1 - {p})"),
            step("standard error", f"100 * sqrt({p} * (1 - {p}) / {images})", "%"),
        ),
        slips=(
            slip(100 * math.sqrt(p / images), "the share of wrong answers is left out",
                 "漏掉了错误率这个因子"),
            slip(100 * p * (1 - p) / images, "the variance; the root is missing", "这是方差，没有开方"),
            slip(100 * math.sqrt(p * (1 - p)), "the number of images is left out", "没有除以图像数"),
        ),
    )  # fmt: skip


def images_to_tell(draw: Random) -> Problem:
    """How many images tell two nets apart."""
    percent, difference = pick(draw, 80, 90, 95, 98), pick(draw, 0.2, 0.5, 1, 2)
    p, d = percent / 100, difference / 100
    count = formulas.images_to_tell(accuracy=p, difference=d, z=2)
    return Problem(
        level="senior", topic="measuring", covers=("A5", "D18"), lesson="measuring#6 Limits",
        given={"percent": percent, "difference": difference},
        text=ask(
            "Two nets are right on about {percent} %, each on test images of its own, equally many. How many "
            "must each see for a difference of {difference} points to be 2 standard errors of that "
            "difference?",
            "两个网络的准确率都约为 {percent} %，各自在同样多但互不相同的测试图像上评估。要使 {difference} 个"
            "百分点的差异达到该差异的 2 倍标准误差，每个网络需要多少张图像？",
            percent=percent, difference=difference,
        ),
        answer=count, unit="images", tolerance=0.05,
        steps=(
            step("variance of the difference, for an image each", f"2 * {p} * (1 - {p})"),
            step("standard error wanted", f"{difference} / 100 / 2"),
            step("images", f"2 * {p} * (1 - {p}) / ({difference} / 100 / 2)**2", "images"),
        ),
        slips=(
            slip(count / 2, "both accuracies are uncertain: their variances add up",
                 "两个准确率都有误差：方差要相加"),
            slip(count / 4, "2 standard errors are asked for, not one", "要求的是 2 倍标准误差"),
            slip(2 * p * (1 - p) * 2 / d,
                 "standard errors shrink with the root: the difference counts squared",
                 "标准误差随平方根下降：差异要平方"),
        ),
    )  # fmt: skip


def gradual_sparsity(draw: Random) -> Problem:
    """A value of the schedule of Zhu and Gupta."""
    final, end = pick(draw, 80, 90, 95), pick(draw, 100, 1000, 8000)
    numerator, denominator = pick(draw, (1, 2), (1, 4), (3, 4), (1, 5), (2, 5))
    step_ = end * numerator // denominator
    left = f"(1 - {step_} / {end})"
    value = formulas.polynomial_sparsity(step=step_, start=0, end=end, final=final)
    return Problem(
        level="mid", topic="pruning", covers=("D3", "A13"), lesson="pruning#5 Experiment",
        sources=("zhu2017, equation 1",),
        given={"final": final, "end": end, "step_": step_},
        text=ask(
            "Gradual pruning goes from 0 to {final} % zeros in {end} steps on the cubic schedule of Zhu and "
            "Gupta. How many percent are zero at step {step_}?",
            "按 Zhu 和 Gupta 的三次方日程渐进剪枝，在 {end} 步内把零的比例从 0 提高到 {final} %。第 {step_} "
            "步时零占百分之多少？",
            final=final, end=end, step_=step_,
        ),
        answer=value, unit="%", tolerance=0.015,
        steps=(
            step("share of the way that is left", f"1 - {step_} / {end}"),
            step("cubed", f"{left}**3"),
            step("zeros", f"{final} - {final} * {left}**3", "%"),
        ),
        slips=(
            slip(final * step_ / end, "a straight line; the schedule is cubic", "这是直线；日程是三次方的"),
            slip(final * (step_ / end) ** 3, "the cube belongs to what is left: pruning is fast at first",
                 "三次方作用在剩余部分上：先快后慢"),
            slip(final * (1 - step_ / end) ** 3, "what is still to come, not what is pruned",
                 "这是尚未剪掉的部分"),
        ),
    )  # fmt: skip


def pruning_rounds(draw: Random) -> Problem:
    """Rounds of iterative magnitude pruning."""
    share, kept = pick(draw, 20, 25, 30, 50), pick(draw, 2, 3, 4, 5, 8, 10, 15)
    rounds = formulas.pruning_rounds(share=share / 100, kept=kept / 100)
    return Problem(
        level="mid", topic="pruning", covers=("D3", "A13"), lesson="pruning#5 Experiment",
        sources=("frankle2019, section 2",),
        given={"share": share, "kept": kept},
        text=ask(
            "Each round of iterative pruning removes {share} % of the weights that are left. After how many "
            "rounds are at most {kept} % of all weights left?",
            "迭代剪枝每轮剪掉剩余权重的 {share} %。经过多少轮后，剩下的权重不超过全部的 {kept} %？",
            share=share, kept=kept,
        ),
        answer=rounds, unit="rounds", tolerance=0,
        steps=(
            step("left after a round", f"1 - {share} / 100"),
            step("rounds, not whole", f"log({kept} / 100) / log(1 - {share} / 100)"),
            step("rounds", f"ceil(log({kept} / 100) / log(1 - {share} / 100))", "rounds"),
        ),
        slips=(
            slip(math.ceil((100 - kept) / share), "shares of what is left, not of all weights",
                 "每轮剪的是剩余权重的一部分，不是全部权重的"),
            slip(rounds - 1, "a round too few: more than that is left", "少了一轮：此时剩下的还多于要求"),
            slip(rounds + 1, "a round too many: one earlier suffices", "多了一轮：早一轮就已达到"),
        ),
    )  # fmt: skip


def evolution_hours(draw: Random) -> Problem:
    """GPU hours of a genetic search."""
    population, elite = pick(draw, (20, 2), (32, 4), (50, 5), (100, 10))
    generations, minutes = pick(draw, 5, 10, 20, 30), pick(draw, 3, 6, 12, 15)
    hours = formulas.evolution_hours(
        population=population, generations=generations, minutes=minutes, elite=elite
    )
    return Problem(
        level="junior", topic="architecture_search", covers=("A16", "C9", "C10"), sources=("real2019",),
        given={"population": population, "elite": elite, "generations": generations, "minutes": minutes},
        text=ask(
            "A genetic search keeps {population} networks for {generations} generations, the first included. "
            "The best {elite} go on unchanged and are not trained again; a training takes {minutes} minutes "
            "on one GPU. How many GPU hours does the search take?",
            "一个遗传搜索的种群有 {population} 个网络，共 {generations} 代（含第一代）。最好的 {elite} 个原样"
            "进入下一代，不再训练；训练一个网络要在一块 GPU 上花 {minutes} 分钟。整个搜索需要多少 GPU 小时？",
            population=population, generations=generations, elite=elite, minutes=minutes,
        ),
        answer=hours, unit="h", tolerance=0.02,
        steps=(
            step("trainings", f"{population} + ({generations} - 1) * ({population} - {elite})"),
            step("time", f"({population} + ({generations} - 1) * ({population} - {elite})) * {minutes} / 60",
                 "h"),
        ),
        slips=(
            slip(population * generations * minutes / 60, "the elite is not trained again",
                 "精英个体不再训练"),
            slip((population + generations) * minutes / 60, "generations multiply", "种群与代数应当相乘"),
            slip(population * minutes / 60, "the first generation alone", "只算了第一代"),
        ),
    )  # fmt: skip


PROBLEMS = (
    softened_probability, soft_gradient, distillation_cost, ensemble_distilled, accuracy_error,
    images_to_tell, gradual_sparsity, pruning_rounds,
    evolution_hours,
)  # fmt: skip
